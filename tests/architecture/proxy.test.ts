import { NextRequest } from 'next/server';
import { describe, expect, it } from 'vitest';
import { proxy } from '../../proxy.ts';

const visit = (url: string, headers: Record<string, string> = {}) => proxy(new NextRequest(url, { headers }));
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

  it('forbids frames and sniffing, and asks for https only where it is used', () => {
    const plain = visit('http://localhost:3000/');
    expect(plain.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(plain.headers.get('x-content-type-options')).toBe('nosniff');
    expect(plain.headers.get('strict-transport-security')).toBeNull();
    const secure = visit('http://localhost:3000/', { 'x-forwarded-proto': 'https' });
    expect(secure.headers.get('strict-transport-security')).toMatch(/max-age=31536000/);
  });
});
