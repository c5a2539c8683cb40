import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { NextRequest } from 'next/server';
import { describe, expect, it } from 'vitest';
import { config, proxy } from '../../proxy.ts';

const visit = (url: string, headers: Record<string, string> = {}) =>
  proxy(new NextRequest(url, { headers: { host: new URL(url).host, ...headers } }));
const nonceOf = (response: Response) =>
  /'nonce-([^']+)'/.exec(response.headers.get('content-security-policy') ?? '')?.[1] ?? '';

describe('proxy', () => {
  it('gives every answer a policy with a nonce of its own', () => {
    const nonces = new Set(Array.from({ length: 50 }, () => nonceOf(visit('http://localhost:3000/'))));
    expect(nonces.size).toBe(50);
    for (const nonce of nonces) expect(Buffer.from(nonce, 'base64')).toHaveLength(16);
  });

  it('overwrites what a client claims the nonce and the path to be', () => {
    const response = visit('http://localhost:3000/a?b=1', { 'x-nonce': 'mine', 'x-plumbline-path': '/evil' });
    expect(response.headers.get('x-middleware-request-x-nonce')).toBe(nonceOf(response));
    expect(response.headers.get('x-middleware-request-x-plumbline-path')).toBe('/a?b=1');
  });

  it('answers to the names of this installation alone, but for health', async () => {
    const refused = visit('http://evil.test:3000/projects');
    expect(refused.status).toBe(421);
    expect(await refused.text()).toMatch(/does not answer to the name "evil\.test:3000".*PLUMBLINE_HOSTS/);
    expect(visit('http://evil.test:3000/api/trpc/users.me').status).toBe(421);
    expect(visit('http://10.1.2.3:3000/api/health').status).toBe(200);
    expect(visit('http://127.0.0.1:3000/').status).toBe(200);
  });

  it('gives every request an id: that of a proxy in front, where it is one, else its own', () => {
    const given = visit('http://localhost:3000/', { 'x-request-id': 'edge-0123456789' });
    expect(given.headers.get('x-request-id')).toBe('edge-0123456789');
    const odd = visit('http://localhost:3000/', { 'x-request-id': 'a"} {"level":60' });
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(odd.headers.get('x-middleware-request-x-request-id')).toBe(odd.headers.get('x-request-id'));
  });

  it('keeps devices and other windows away', () => {
    const { headers } = visit('http://localhost:3000/');
    expect(headers.get('permissions-policy')).toMatch(/camera=\(\).*microphone=\(\).*geolocation=\(\)/);
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  });

  it('forbids frames and sniffing, and asks for https only where it is used', () => {
    const plain = visit('http://localhost:3000/');
    expect(plain.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(plain.headers.get('x-content-type-options')).toBe('nosniff');
    expect(plain.headers.get('strict-transport-security')).toBeNull();
    const secure = visit('http://localhost:3000/', { 'x-forwarded-proto': 'https' });
    expect(secure.headers.get('strict-transport-security')).toMatch(/max-age=31536000/);
  });

  // Next keeps a copy of the bodies that pass, and cuts it at ten megabytes without a word
  it('leaves out every route that streams its body', () => {
    const routes = readdirSync('app/api', { recursive: true, encoding: 'utf8' })
      .filter((file) => path.basename(file) === 'route.ts')
      .filter((file) => /stream: request\.body/.test(readFileSync(path.join('app/api', file), 'utf8')));
    expect(routes.length).toBeGreaterThanOrEqual(2);
    const [pattern = ''] = config.matcher;
    for (const file of routes) {
      const address = `/api/${path.posix.dirname(file).replaceAll(/\[\w+\]/g, 'x')}`;
      expect(new RegExp(`^${pattern}$`).test(address), address).toBe(false);
    }
    expect(new RegExp(`^${pattern}$`).test('/projects/x/data')).toBe(true);
  });
});
