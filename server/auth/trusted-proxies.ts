import { BlockList, isIP } from 'node:net';

/**
 * The addresses and networks of a setting such as `127.0.0.1, 10.0.0.0/8, fd00::/8`. Throws with the part that is neither.
 */
export function parseAddresses(text: string): BlockList {
  const list = new BlockList();
  for (const part of text.split(/[\s,]+/).filter((one) => one !== '')) {
    const [address = '', bits, ...rest] = part.split('/');
    const version = isIP(address);
    const family = version === 6 ? 'ipv6' : 'ipv4';
    const isNetwork =
      bits !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32);
    if (version === 0 || rest.length > 0 || (bits !== undefined && !isNetwork)) {
      throw new Error(`"${part}" is no address or network, expected one such as 127.0.0.1 or 10.0.0.0/8`);
    }
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
