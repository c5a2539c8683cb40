import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCsvRow } from './csv.ts';
import { parseHhRlhfRow } from './hh-rlhf.ts';
import { REASON_CODES } from './parsed-row.ts';
import { parsePromptRow } from './prompts.ts';
import { parseSftRow } from './sft.ts';
import { splitByPrompt } from './split-by-prompt.ts';
import { parseTrlRow } from './trl.ts';

describe('parsePromptRow', () => {
  it('reads text lines, prompts and messages', () => {
    const prompt = [{ role: 'user', content: 'Hi' }];
    expect(parsePromptRow(' Hi ')).toEqual({ ok: true, row: { prompt, responses: [] } });
    expect(parsePromptRow({ prompt: 'Hi' })).toEqual({ ok: true, row: { prompt, responses: [] } });
    expect(parsePromptRow({ prompt })).toEqual({ ok: true, row: { prompt, responses: [] } });
    expect(parsePromptRow({ messages: prompt, responses: ['a', 'b'] })).toEqual({
      ok: true,
      row: { prompt, responses: ['a', 'b'] },
    });
  });

  it.each([
    ['empty-prompt', ''],
    ['empty-prompt', { prompt: '' }],
    ['wrong-columns', { question: 'Hi' }],
    ['wrong-columns', { prompt: 3 }],
    ['empty-answer', { prompt: 'Hi', responses: ['a', ' '] }],
    ['identical-pair', { prompt: 'Hi', responses: ['a', 'a '] }],
  ])('refuses: %s', (reason, value) => {
    expect(parsePromptRow(value)).toMatchObject({ ok: false, reason });
  });
});

describe('parseCsvRow', () => {
  it('tells judged pairs from prompts', () => {
    expect(parseCsvRow({ prompt: 'p', chosen: 'a', rejected: 'b', margin: '0.5' })).toMatchObject({
      row: { kind: 'preference', margin: 0.5 },
    });
    expect(parseCsvRow({ prompt: 'p', chosen: 'a', rejected: 'b', margin: '' })).toMatchObject({
      row: { margin: 0 },
    });
    expect(parseCsvRow({ prompt: 'p', response_2: 'b', response_1: 'a', response_3: '' })).toMatchObject({
      row: { kind: 'prompt', responses: ['a', 'b'] },
    });
  });

  it.each([
    ['wrong-columns', { text: 'p' }],
    ['wrong-columns', { prompt: 'p', chosen: 'a' }],
    ['wrong-columns', { prompt: 'p', chosen: 'a', rejected: 'b', margin: 'much' }],
    ['empty-prompt', { prompt: '', chosen: 'a', rejected: 'b' }],
    ['empty-answer', { prompt: 'p', chosen: 'a', rejected: '' }],
  ])('refuses: %s', (reason, value) => {
    expect(parseCsvRow(value)).toMatchObject({ ok: false, reason });
  });
});

describe('parseSftRow', () => {
  it('reads prompt-completion, messages and Alpaca rows', () => {
    const row = { prompt: [{ role: 'user', content: 'p' }], completion: 'c' };
    expect(parseSftRow({ prompt: 'p', completion: 'c' })).toEqual({ ok: true, row });
    expect(parseSftRow({ messages: [...row.prompt, { role: 'assistant', content: 'c' }] })).toEqual({
      ok: true,
      row,
    });
    expect(parseSftRow({ prompt: row.prompt, completion: [{ role: 'assistant', content: 'c' }] })).toEqual({
      ok: true,
      row,
    });
    expect(parseSftRow({ instruction: 'p', input: 'i', output: 'c' })).toMatchObject({
      row: { prompt: [{ role: 'user', content: 'p\n\ni' }] },
    });
  });

  it.each([
    ['wrong-columns', { prompt: 'p' }],
    ['bad-transcript', { messages: [{ role: 'user', content: 'p' }] }],
    ['empty-prompt', { messages: [{ role: 'assistant', content: 'c' }] }],
    ['empty-answer', { instruction: 'p', output: ' ' }],
  ])('refuses: %s', (reason, value) => {
    expect(parseSftRow(value)).toMatchObject({ ok: false, reason });
  });
});

describe('every parser', () => {
  it('answers any JSON value with a row or a known reason and a detail, and never throws', () => {
    const keys = [
      'prompt',
      'chosen',
      'rejected',
      'messages',
      'completion',
      'margin',
      'responses',
      'role',
      'content',
    ];
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.constantFrom('user', 'assistant', null, true, 3),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('value')),
      ),
    }));
    fc.assert(
      fc.property(value, (json) => {
        for (const parse of [parseHhRlhfRow, parseTrlRow, parsePromptRow, parseCsvRow, parseSftRow]) {
          const parsed = parse(json);
          if (parsed.ok) continue;
          expect(REASON_CODES).toContain(parsed.reason);
          expect(parsed.detail.length).toBeGreaterThan(5);
        }
      }),
    );
  });
});

describe('splitByPrompt', () => {
  const user = (content: string) => [{ role: 'user' as const, content }];

  it('is fixed by content: these answers must never change', () => {
    const sides = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((text) => splitByPrompt(user(text)));
    expect(sides).toMatchInlineSnapshot(`
      [
        "train",
        "train",
        "heldout",
        "heldout",
        "train",
        "heldout",
        "train",
        "train",
      ]
    `);
  });

  it('keeps longer histories of one opening together', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (opening, more) => {
        const longer = [...user(opening), { role: 'assistant' as const, content: more }, ...user(more)];
        expect(splitByPrompt(longer)).toBe(splitByPrompt(user(opening)));
      }),
    );
  });

  it('gives the wanted share and grows monotonically with it', () => {
    const openings = Array.from({ length: 4000 }, (_, i) => user(`prompt ${i}`));
    const share = (fraction: number) =>
      openings.filter((p) => splitByPrompt(p, fraction) === 'heldout').length / 4000;
    expect(share(0)).toBe(0);
    expect(Math.abs(share(0.2) - 0.2)).toBeLessThan(0.025);
    expect(share(1)).toBe(1);
    expect(
      openings.every((p) => splitByPrompt(p, 0.1) === 'train' || splitByPrompt(p, 0.3) === 'heldout'),
    ).toBe(true);
    expect(() => splitByPrompt(user('a'), 1.2)).toThrow(/heldoutFraction 1.2/);
  });
});
