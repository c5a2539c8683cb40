import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readEnv } from '../env.ts';
import { addressGroup, clientAddress } from './client-address.ts';

const PROXIES = '127.0.0.1, 10.0.0.0/8, fd00::/8';
function addressOf(headers: Record<string, string>, proxies = ''): string {
  const env = readEnv({ PLUMBLINE_TRUSTED_PROXIES: proxies, PLUMBLINE_PEER_HEADER: 'x-peer' });
  return clientAddress(new Headers(headers), env);
}

describe('clientAddress', () => {
  it('is the other end of the connection, whatever the client says', () => {
    expect(addressOf({ 'x-peer': '203.0.113.9', 'x-forwarded-for': '192.0.2.1' })).toBe('203.0.113.9');
    expect(addressOf({ 'x-peer': '203.0.113.9', 'x-forwarded-for': '192.0.2.1' }, PROXIES)).toBe(
      '203.0.113.9',
    );
    expect(addressOf({ 'x-peer': '::ffff:203.0.113.9' })).toBe('203.0.113.9');
    expect(addressOf({ 'x-peer': 'fe80::1%eth0' })).toBe('fe80::1');
  });

  it('is unknown where nobody vouches for it', () => {
    expect(addressOf({ 'x-forwarded-for': '192.0.2.1' }, PROXIES)).toBe('unknown');
    expect(clientAddress(new Headers({ 'x-forwarded-for': '192.0.2.1' }), {})).toBe('unknown');
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['198.51.100.7, 192.0.2.1', '192.0.2.1'],
    ['198.51.100.7, 192.0.2.1, 10.1.2.3', '192.0.2.1'],
    ['192.0.2.1:4711, fd00::5', '192.0.2.1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['10.9.9.9, 10.1.2.3', '10.9.9.9'],
    ['192.0.2.1, nonsense, 10.1.2.3', '10.1.2.3'],
    ['', '127.0.0.1'],
  ])('behind a trusted proxy that says "%s" is %s', (forwarded, expected) => {
    expect(addressOf({ 'x-peer': '127.0.0.1', 'x-forwarded-for': forwarded }, PROXIES)).toBe(expected);
  });

  it('is read from a socket by the preload, under a name that is new in each process', async () => {
    const script = `
      const http = require('node:http');
      const server = http.createServer((request, response) => {
        response.end(request.headers[process.env.PLUMBLINE_PEER_HEADER]);
      }).listen(0, '127.0.0.1', async () => {
        const header = process.env.PLUMBLINE_PEER_HEADER;
        const answer = await fetch('http://127.0.0.1:' + server.address().port, { headers: { [header]: '192.0.2.1' } });
        console.log(JSON.stringify([header, await answer.text()]));
        server.close();
      });`;
    const start = async () => {
      const args = ['--import', './scripts/mark-peer.mjs', '-e', script];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      return JSON.parse(stdout) as [string, string];
    };
    const [one, other] = await Promise.all([start(), start()]);
    expect(one[1]).toBe('127.0.0.1');
    expect(one[0]).not.toBe(other[0]);
  });
});

it('trusts nobody by mistake: what is no address is said', () => {
  for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0.0/8/8', '1.2.3', '10.0.0.1/x']) {
    expect(() => readEnv({ PLUMBLINE_TRUSTED_PROXIES: wrong })).toThrow(
      /PLUMBLINE_TRUSTED_PROXIES: .*expected/,
    );
  }
});

it('counts IPv6 by the network of one customer', () => {
  expect(addressGroup('192.0.2.1')).toBe('192.0.2.1');
  expect(addressGroup('2001:db8:0:1::5')).toBe(addressGroup('2001:db8:0:1:aaaa:bbbb:cccc:dddd'));
  expect(addressGroup('2001:db8:0:2::5')).not.toBe(addressGroup('2001:db8:0:1::5'));
  expect(addressGroup('::1')).toBe('0:0:0:0::/64');
});
