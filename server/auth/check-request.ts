import { isAllowedHost, refusedHostText } from '../../lib/allowed-host.ts';
import { readEnv } from '../env.ts';
import { DomainError } from '../errors.ts';
import { bearerToken } from './bearer-token.ts';

/**
 * Refuses a changing request that another site made the browser send. A request with an API token carries no ambient
 * authority and is let through; otherwise Origin must name this host (browsers always send it with POST).
 * Throws `forbidden`.
 */
export function requireSameOrigin(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  if (bearerToken(request.headers) !== null) return;
  const origin = request.headers.get('origin');
  const host = request.headers.get('host');
  if (origin !== null && host !== null && URL.canParse(origin) && new URL(origin).host === host) return;
  throw new DomainError(
    'forbidden',
    `The request came from ${origin ?? 'an unnamed origin'}, expected this site (${host}).`,
  );
}

/** Refuses bodies that are not JSON. Throws `invalid`. */
export function requireJson(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return;
  throw new DomainError('invalid', `Content type ${type ?? 'missing'}, expected application/json.`);
}

/** Reads a body of at most `maxBytes`, whatever its Content-Length claims. Throws `too-large`. */
export async function readLimitedBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = new DomainError('too-large', `The request is larger than the limit of ${maxBytes} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge;
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
    length += piece.value.length;
    if (length > maxBytes) {
      await reader?.cancel();
      throw tooLarge;
    }
    pieces.push(piece.value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}

/** For the routes that proxy.ts leaves out. Throws `forbidden` for a host name that is not this installation's. */
export function requireAllowedHost(request: Request): void {
  const { NEXTAUTH_URL, PLUMBLINE_HOSTS } = readEnv();
  const host = request.headers.get('host');
  if (isAllowedHost(host, { address: NEXTAUTH_URL, more: PLUMBLINE_HOSTS })) return;
  throw new DomainError('forbidden', refusedHostText(host));
}
