import { type BlockList, isIP } from 'node:net';

/** What client addresses are read by; see PLUMBLINE_PEER_HEADER and PLUMBLINE_TRUSTED_PROXIES in env.ts. */
export type AddressSettings = {
  PLUMBLINE_PEER_HEADER?: string | undefined;
  PLUMBLINE_TRUSTED_PROXIES?: BlockList | undefined;
};

/** Of somebody whose address nobody vouches for: the server was started without scripts/mark-peer.mjs. */
export const UNKNOWN_ADDRESS = 'unknown';

/**
 * The address a request came from: the other end of its connection. Where that is one of the trusted proxies, X-Forwarded-For
 * is walked from its right end, which the nearest proxy wrote, to the first address that is none of them; what is
 * further left may be invented by the client.
 */
export function clientAddress(headers: Headers, settings: AddressSettings): string {
  const { PLUMBLINE_PEER_HEADER: header, PLUMBLINE_TRUSTED_PROXIES: proxies } = settings;
  let address = plainAddress((header && headers.get(header)) || '');
  if (address === null) return UNKNOWN_ADDRESS;
  const forwarded = (headers.get('x-forwarded-for') ?? '').split(',').reverse();
  for (const hop of forwarded) {
    if (!proxies?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) break;
    const before = plainAddress(hop);
    if (before === null) break;
    address = before;
  }
  return address;
}

/** Without port, brackets and zone; IPv4 in its own notation also where it came through an IPv6 socket. Null for what is no address. */
function plainAddress(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/%.*$/, '')
    .replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(bare) === 0 ? null : bare.toLowerCase();
}

/** What limits count by: the address, of IPv6 the first 64 bits, since one customer has at least as many as the rest. */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: Math.max(0, gap) }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
