/**
 * The address a request came from: the last entry of X-Forwarded-For, which is the one that the nearest proxy (or Next
 * itself) wrote; earlier entries may be invented by the client.
 */
export function clientAddress(headers: Record<string, unknown>): string {
  const forwarded = headers['x-forwarded-for'];
  const last = typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined;
  return last || 'unknown';
}
