import NextAuth, { type AuthOptions } from 'next-auth';
import { DomainError } from '../errors.ts';
import { readLimitedBody } from './check-request.ts';
import { safeCallback } from './safe-next.ts';

const MAX_BODY_BYTES = 20_000;

type Fields = Record<string, unknown>;

/**
 * One request to next-auth's own endpoints (`/api/auth/<action>/<provider>`), answered. Before next-auth sees it, every
 * `callbackUrl` (query, body, cookie) becomes an address of this site: it answers 500 to one it cannot read. Throws
 * `too-large` and `invalid` for a body that is no form.
 */
export async function answerNextAuth(
  request: Request,
  { path, origin, options }: { path: string[]; origin: string; options: AuthOptions },
): Promise<Response> {
  const query = withSafeCallback(fieldsOf(new URL(request.url).searchParams), origin);
  const body = request.method === 'POST' ? withSafeCallback(await readForm(request), origin) : undefined;
  const headers = Object.fromEntries(request.headers);
  const cookies = readCookies(request.headers.get('cookie') ?? '', origin);
  const answer = new Answer();
  const req = { method: request.method, headers, cookies, body, query: { ...query, nextauth: path } };
  // the form for pages of an older kind: it takes plain objects, where the one for routes reads Next's own store of cookies
  await (NextAuth as unknown as (...args: unknown[]) => Promise<void>)(req, answer, options);
  return answer.toResponse();
}

/** Fields of a query or form; one that is given more than once is a list. */
function fieldsOf(params: URLSearchParams): Fields {
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const values = params.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

function withSafeCallback(fields: Fields, origin: string): Fields {
  // a list elsewhere is none of next-auth's: it would call text's methods on it
  const texts = Object.entries(fields).filter(([, value]) => typeof value === 'string');
  if (!('callbackUrl' in fields)) return Object.fromEntries(texts);
  const { callbackUrl } = fields;
  const safe = typeof callbackUrl === 'string' ? safeCallback(callbackUrl, origin) : '/';
  return { ...Object.fromEntries(texts), callbackUrl: safe };
}

async function readForm(request: Request): Promise<Fields> {
  const text = new TextDecoder().decode(await readLimitedBody(request, MAX_BODY_BYTES));
  const type = request.headers.get('content-type') ?? '';
  if (!type.includes('application/json')) return fieldsOf(new URLSearchParams(text));
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Fields;
  } catch {
    // said below
  }
  throw new DomainError('invalid', 'The body is not a JSON object, expected the fields of a form.');
}

function readCookies(header: string, origin: string): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    if (at <= 0 || Object.hasOwn(cookies, name)) continue;
    try {
      const value = decodeURIComponent(part.slice(at + 1).trim());
      cookies[name] = name.endsWith('next-auth.callback-url') ? origin + safeCallback(value, origin) : value;
    } catch {
      // not text: none of ours
    }
  }
  return cookies;
}

/** What next-auth writes its answer to. */
class Answer {
  #status = 200;
  readonly #headers = new Map<string, string | string[]>();
  #body: string | null = null;

  status(status: number): this {
    this.#status = status;
    return this;
  }
  getHeader(name: string): string | string[] | undefined {
    return this.#headers.get(name.toLowerCase());
  }
  setHeader(name: string, value: string | string[]): this {
    this.#headers.set(name.toLowerCase(), value);
    return this;
  }
  json(body: unknown): void {
    this.setHeader('content-type', 'application/json');
    this.#body = JSON.stringify(body);
  }
  send(body: unknown): void {
    if (typeof body === 'string') this.#body = body;
    else if (body !== undefined && body !== null) this.json(body);
  }
  end(): void {}

  toResponse(): Response {
    const headers = new Headers();
    for (const [name, value] of this.#headers) {
      for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
    }
    return new Response(this.#body, { status: this.#status, headers });
  }
}
