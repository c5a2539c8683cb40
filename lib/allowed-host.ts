const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Whether a Host header names this installation: the host of its address, one of `more`, or this machine itself (with any port).
 * Others are refused: a name that somebody points at this address would make a browser treat their pages as ours.
 */
export function isAllowedHost(
  host: string | null,
  { address, more }: { address: string; more: readonly string[] },
): boolean {
  if (host === null || !URL.canParse(`http://${host}`)) return false;
  const { hostname, host: withPort } = new URL(`http://${host}`);
  if (LOOPBACK.includes(hostname)) return true;
  const names = [new URL(address).hostname, ...more].map((name) => name.toLowerCase());
  return names.includes(hostname) || names.includes(withPort);
}

/** What somebody is told whose Host header is refused. */
export function refusedHostText(host: string | null): string {
  return `This installation does not answer to the name "${(host ?? '').slice(0, 100)}". Its operator sets the address with NEXTAUTH_URL, and further names with PLUMBLINE_HOSTS.`;
}
