import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnv } from './env.ts';

describe('readEnv', () => {
  it('has defaults for everything, and takes an empty value for none', () => {
    expect(readEnv({})).toMatchObject({ PLUMBLINE_DATA: path.resolve('data'), LOG_LEVEL: 'info' });
    expect(readEnv({ OIDC_ISSUER: '', NEXTAUTH_SECRET: '' })).toEqual(readEnv({}));
  });

  it('names the variable and what was expected', () => {
    expect(() => readEnv({ NEXTAUTH_SECRET: 'short' })).toThrow(/NEXTAUTH_SECRET: .*32/);
    expect(() => readEnv({ OIDC_ISSUER: 'not a url' })).toThrow(/OIDC_ISSUER: .*URL/);
  });
});
