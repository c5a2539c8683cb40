/**
 * Where to go after signing in: a path of this site, or the start page. Anything that could lead elsewhere is dropped: a path
 * that becomes `//host` once its dots are resolved, as much as an address with a host.
 */
export function safeNext(next: string | undefined): string {
  const here = 'http://here.invalid';
  if (!next?.startsWith('/') || !URL.canParse(next, here)) return '/';
  const url = new URL(next, here);
  const path = url.pathname + url.search + url.hash;
  // the browser resolves what is returned once more, so it must lead to the same place again
  const isPlain = /^\/(?![/\\])/.test(path) && URL.canParse(path, here);
  return url.origin === here && isPlain && new URL(path, here).href === url.href ? path : '/';
}

/** As safeNext, for an address that may also be written in full with the origin of this site (next-auth's `callbackUrl`). */
export function safeCallback(callbackUrl: string | undefined, origin: string): string {
  if (callbackUrl === undefined || !URL.canParse(callbackUrl)) return safeNext(callbackUrl);
  const url = new URL(callbackUrl);
  return url.origin === origin ? safeNext(url.pathname + url.search + url.hash) : '/';
}
