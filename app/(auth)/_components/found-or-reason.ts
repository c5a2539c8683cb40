/** What a one-time link leads to, or the server's words why it does not work. Throws what is nobody's fault but the server's. */
export function foundOrReason<Found>(asked: Promise<Found>): Promise<Found | string> {
  return asked.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code !== 'INTERNAL_SERVER_ERROR')
      return error.message;
    throw error;
  });
}
