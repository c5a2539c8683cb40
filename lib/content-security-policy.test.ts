import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from './content-security-policy.ts';

const policy = Object.fromEntries(
  contentSecurityPolicy('n0nce')
    .split('; ')
    .map((directive) => [directive.split(' ')[0] ?? '', directive.split(' ').slice(1)]),
);

describe('contentSecurityPolicy', () => {
  it('runs scripts by nonce only', () => {
    expect(policy['script-src']).toEqual(["'self'", "'nonce-n0nce'", "'strict-dynamic'"]);
    expect(contentSecurityPolicy('n0nce')).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline/);
  });

  it('loads nothing from elsewhere and stands in no frame', () => {
    expect(contentSecurityPolicy('n0nce')).not.toMatch(/https?:|\*/);
    for (const closed of ['frame-ancestors', 'object-src', 'base-uri'])
      expect(policy[closed]).toEqual(["'none'"]);
  });

  it('takes no style elements without the nonce', () => {
    expect(policy['style-src-elem']).not.toContain("'unsafe-inline'");
  });
});
