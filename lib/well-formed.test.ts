import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText, excerpt } from './cut-text.ts';
import { findMalformedText, inputText, inputValues, textProblem } from './well-formed.ts';

describe('the text gate', () => {
  it('lets in exactly what UTF-8 gives back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ud83d', '\udc00'), (text, odd) => {
        const whole = `${odd}${text}${odd}`.replaceAll('\0', '');
        const isKept = Buffer.from(whole, 'utf8').toString('utf8') === whole;
        expect(textProblem(whole) === null).toBe(isKept);
      }),
      { numRuns: 500 },
    );
    expect(textProblem('a\0b')).toMatch(/NUL .*at 1/);
  });

  it('finds a text anywhere in a row, names its place, and is not felled by depth', () => {
    expect(findMalformedText({ a: 'x', b: [{ c: 'half \ud83d' }] })).toMatchObject({ place: 'b[0].c' });
    expect(findMalformedText({ 'k\udc00': 1 })).toMatchObject({ place: 'the row' });
    expect(findMalformedText('a\0')).toMatchObject({ place: '' });
    expect(findMalformedText({ a: 1, b: [null, true, 'fine 🙂'] })).toBeNull();
    let deep: unknown = 'x';
    for (let i = 0; i < 200_000; i++) deep = [deep];
    expect(findMalformedText(deep)).toMatchObject({ problem: expect.stringMatching(/100 levels/) });
  });

  it('is what every text of every input schema is made from', () => {
    expect(inputText().trim().min(1).max(9).parse(' fine 🙂 ')).toBe('fine 🙂');
    expect(() => inputText().parse('cut \ud83d')).toThrow(/half of a surrogate pair/);
    expect(() => inputText().optional().parse('a\0')).toThrow(/NUL/);
    expect(() => inputValues().parse({ a: { b: '\udc00' } })).toThrow(/a\.b/);
    const root = path.resolve(import.meta.dirname, '..', 'server');
    const schemas = readdirSync(root, { recursive: true }).filter((name) =>
      /(^|\/)(schemas|router|trpc)\.ts$/.test(String(name)),
    );
    expect(schemas.length).toBeGreaterThan(8);
    for (const name of schemas) {
      expect(readFileSync(path.join(root, String(name)), 'utf8'), String(name)).not.toMatch(
        /z\s*\.string\(\)/,
      );
    }
  });
});

describe('cutting a text', () => {
  it('never halves a surrogate pair or an emoji of several signs, at whatever length', () => {
    const text = 'ab 🙂👩‍👩‍👧🇩🇪🇫🇷é x'.repeat(3);
    const clusters = [...new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text)];
    const places = new Set([...clusters.map(({ index }) => index), text.length]);
    for (let length = 0; length <= text.length; length++) {
      expect(places).toContain(cutText(text, length).length);
      expect(textProblem(excerpt(text, length + 1))).toBeNull();
    }
    const accents = `a${'\u0301'.repeat(500)}`;
    expect(cutText(accents, 300)).toHaveLength(300);
    expect(excerpt('  one \n two ', 20)).toBe('one two');
    expect(excerpt(`${' '.repeat(5000)}x`, 20)).toBe('…');
  });
});
