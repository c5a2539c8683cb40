import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLimitedBody, requireJson, requireSameOrigin } from './check-request.ts';
import { parseCookie } from './parse-cookie.ts';
import { safeNext } from './safe-next.ts';

const post = (headers: Record<string, string>, body?: BodyInit) =>
  new Request('http://localhost:3000/api/trpc/x', {
    method: 'POST',
    headers: { host: 'localhost:3000', ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });

describe('requireSameOrigin', () => {
  it('lets this site, reading, and API tokens through', () => {
    expect(() => requireSameOrigin(post({ origin: 'http://localhost:3000' }))).not.toThrow();
    // good or not: a token request never falls back on a cookie, see bearerToken
    for (const authorization of ['Bearer plb_x', 'bearer', 'Bearer a b', 'BEARER\t x']) {
      expect(() => requireSameOrigin(post({ authorization }))).not.toThrow();
    }
    expect(() => requireSameOrigin(new Request('http://localhost:3000/', { headers: {} }))).not.toThrow();
  });

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'http://localhost:3001' },
    { origin: 'http://localhost:3000.evil.example' },
    { origin: 'null' },
    {},
    { referer: 'http://localhost:3000/' },
    { origin: 'http://evil.example', authorization: 'Basic x' },
  ])('refuses %j', (headers) => {
    expect(() => requireSameOrigin(post(headers as Record<string, string>))).toThrow(/expected this site/);
  });
});

describe('requireJson', () => {
  it.each([
    'text/plain',
    'multipart/form-data',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
  ])('refuses %s', (type) => {
    expect(() => requireJson(post({ 'content-type': type }))).toThrow(/expected application\/json/);
  });
  it('takes JSON with a charset', () => {
    expect(() => requireJson(post({ 'content-type': 'application/json; charset=utf-8' }))).not.toThrow();
  });
});

describe('readLimitedBody', () => {
  it('reads a body up to the limit', async () => {
    expect(new TextDecoder().decode(await readLimitedBody(post({}, 'abcde'), 5))).toBe('abcde');
    expect(await readLimitedBody(post({}), 5)).toHaveLength(0);
  });

  it('refuses by the announced length, and stops reading where none is announced', async () => {
    await expect(readLimitedBody(post({ 'content-length': '6' }, 'x'), 5)).rejects.toMatchObject({
      code: 'too-large',
    });
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    await expect(readLimitedBody(post({}, endless), 5000)).rejects.toMatchObject({ code: 'too-large' });
    expect(pulled).toBeLessThan(10);
  });
});

describe('safeNext', () => {
  it.each([
    ['/projects/a?b=c#d', '/projects/a?b=c#d'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/.//evil.example/x', '/'],
    ['/../..//evil.example', '/'],
    ['/a/..//evil.example', '/'],
    ['/%2e/%2e%2e//evil.example', '/'],
    ['/.\\\\evil.example', '/'],
    [undefined, '/'],
  ])('%s -> %s', (next, expected) => {
    expect(safeNext(next)).toBe(expected);
  });

  it('gives a path of this site and nothing else, whatever it is given, and leaves its own answers alone', () => {
    const odd = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '\t',
      '\n',
      ' ',
      '@',
      ':',
      '?',
      '#',
      'evil.test',
    );
    const text = fc.oneof(
      fc.array(fc.oneof(odd, fc.string({ maxLength: 3, unit: 'binary' }))).map((all) => `/${all.join('')}`),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (next) => {
        const path = safeNext(next);
        expect(path).toMatch(/^\/(?![/\\])/);
        for (const origin of ['http://localhost:3000', 'https://plumbline.example']) {
          expect(new URL(path, origin).origin).toBe(origin);
        }
        expect(safeNext(path)).toBe(path);
      }),
      { numRuns: 500 },
    );
  });
});

it('reads one cookie among others', () => {
  expect(parseCookie('a=1; plumbline.session=x%3Dy; b=2', 'plumbline.session')).toBe('x=y');
  expect(parseCookie('xplumbline.session=1', 'plumbline.session')).toBeUndefined();
  expect(parseCookie('plumbline.session=%zz', 'plumbline.session')).toBeUndefined();
  expect(parseCookie('a=%zz; plumbline.session=x', 'plumbline.session')).toBe('x');
});
