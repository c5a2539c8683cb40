import { describe, expect, it } from 'vitest';
import { isAllowedHost } from './allowed-host.ts';

const allowed = { address: 'https://prefs.example.org', more: ['lab.example.org', '10.0.0.5:8080'] };

describe('isAllowedHost', () => {
  it.each([
    'prefs.example.org',
    'PREFS.example.org',
    'prefs.example.org:443',
    'lab.example.org:3000',
    '10.0.0.5:8080',
    'localhost:3000',
    '127.0.0.1',
    '[::1]:3000',
  ])('lets %s through', (host) => expect(isAllowedHost(host, allowed)).toBe(true));

  it.each([
    null,
    '',
    'evil.test',
    'prefs.example.org.evil.test',
    'evil.test:443#prefs.example.org',
    'prefs.example.org@evil.test',
    'localhost.evil.test',
    '10.0.0.5:9090',
    'a b',
  ])('refuses %s', (host) => expect(isAllowedHost(host, allowed)).toBe(false));
});
