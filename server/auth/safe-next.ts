/** Where to go after signing in: a path of this site, or the start page. Anything that could lead elsewhere is dropped. */
export function safeNext(next: string | undefined): string {
  const here = 'http://here.invalid';
  if (!next?.startsWith('/') || !URL.canParse(next, here)) return '/';
  const url = new URL(next, here);
  return url.origin === here ? url.pathname + url.search + url.hash : '/';
}
