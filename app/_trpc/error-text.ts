/** What to tell a person about a failed call: the server's own words, or the first thing wrong with the input. */
export function errorText(error: { message: string; data?: unknown }): string {
  // a zod error arrives as its list of issues in JSON
  if (error.message.startsWith('[')) {
    try {
      const issues = JSON.parse(error.message) as { path?: (string | number)[]; message?: string }[];
      const first = issues[0];
      if (first?.message)
        return first.path?.length ? `${first.path.join('.')}: ${first.message}` : first.message;
    } catch {
      // not JSON after all: show it as it is
    }
  }
  return error.message === 'Failed to fetch'
    ? 'The server did not answer. Check the connection and try again.'
    : error.message;
}
