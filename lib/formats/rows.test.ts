import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCsvRow } from './csv.ts';
import { importFormats } from './import-formats.ts';
import { REASON_CODES } from './parsed-row.ts';
import { parsePromptRow } from './prompts.ts';
import { parseSftRow } from './sft.ts';
import { splitByPrompt, splitByRow } from './split-by-prompt.ts';
import { parseUnpairedRow } from './unpaired.ts';

describe('parsePromptRow', () => {
  it('reads text lines, prompts and messages', () => {
    const prompt = [{ role: 'user', content: 'Hi' }];
    const row = { prompt, responses: [], externalId: null, tags: [], metadata: {}, split: null };
    expect(parsePromptRow(' Hi ')).toEqual({ ok: true, row });
    expect(parsePromptRow({ prompt: 'Hi' })).toEqual({ ok: true, row });
    expect(parsePromptRow({ prompt })).toEqual({ ok: true, row });
    expect(parsePromptRow({ messages: prompt, responses: ['a', 'b'] })).toMatchObject({
      row: { prompt, responses: [{ text: 'a', model: null }, { text: 'b' }] },
    });
  });

  it('reads MT-Bench turns as a prompt, and keeps id, category and the later turns', () => {
    const row = { question_id: 81, category: 'writing', turns: ['Write.', 'Again.'] };
    expect(parsePromptRow(row)).toEqual({
      ok: true,
      row: {
        prompt: [{ role: 'user', content: 'Write.' }],
        responses: [],
        externalId: '81',
        tags: [],
        metadata: { category: 'writing', turns: ['Write.', 'Again.'] },
        split: null,
      },
    });
    expect(parsePromptRow({ turns: ['Only.'] })).toMatchObject({ row: { metadata: {} } });
    expect(parsePromptRow({ turns: [{ text: 'x' }] })).toMatchObject({ reason: 'wrong-columns' });
  });

  it('keeps who wrote each answer, with what settings, in every spelling', () => {
    const sampling = { temperature: 0.7 };
    const wanted = [
      { text: 'a', model: 'm1', sampling },
      { text: 'b', model: 'm2', sampling: null },
    ];
    const listed = {
      responses: [
        { text: 'a', model: 'm1', sampling, score: 3 },
        { content: 'b', model: 'm2' },
      ],
    };
    expect(parsePromptRow({ prompt: 'p', ...listed })).toMatchObject({
      row: { responses: wanted, metadata: { 'responses[0].score': 3 } },
    });
    const columns = {
      response_1: 'a',
      response_1_model: 'm1',
      response_1_sampling: '{"temperature":0.7}',
      response_2: 'b',
      response_2_model: 'm2',
    };
    expect(parsePromptRow({ prompt: 'p', ...columns })).toMatchObject({ row: { responses: wanted } });
    const letters = { response_a: 'a', response_b: 'b', model_a: 'm1', model_b: 'm2' };
    expect(parsePromptRow({ prompt: 'p', ...letters })).toMatchObject({
      row: { responses: [{ model: 'm1' }, { model: 'm2' }], metadata: {} },
    });
  });

  it('refuses more answers than one task can show, wherever they stand', () => {
    const many = Array.from({ length: 11 }, (_, i) => `r${i + 1}`);
    const columns = Object.fromEntries(many.map((text, i) => [`response_${i + 1}`, text]));
    for (const row of [{ responses: many }, columns, { responses: many.slice(5), ...columns }]) {
      const parsed = parsePromptRow({ prompt: 'p', ...row });
      expect(parsed).toMatchObject({
        ok: false,
        detail: expect.stringMatching(/1[17] responses; .* most 9/),
      });
    }
    const ten = Object.fromEntries(many.slice(0, 10).map((text, i) => [`response_${i + 1}`, text]));
    expect(parsePromptRow({ prompt: 'p', ...ten })).toMatchObject({ ok: false });
    const { response_10: _, ...nine } = ten;
    expect(parsePromptRow({ prompt: 'p', ...nine })).toMatchObject({ row: { responses: { length: 9 } } });
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
      row: { kind: 'judged', margin: 0.5 },
    });
    expect(parseCsvRow({ prompt: 'p', chosen: 'a', rejected: 'b', margin: '' })).toMatchObject({
      row: { margin: 0 },
    });
    expect(parseCsvRow({ prompt: 'p', response_2: 'b', response_1: 'a', response_3: '' })).toMatchObject({
      row: { kind: 'prompt', responses: [{ text: 'a' }, { text: 'b' }] },
    });
  });

  it.each([
    ['wrong-columns', { text: 'p' }],
    ['wrong-columns', { prompt: 'p', chosen: 'a' }],
    ['wrong-columns', { prompt: 'p', chosen: 'a', rejected: 'b', margin: 'much' }],
    ['empty-prompt', { prompt: '', chosen: 'a', rejected: 'b' }],
    ['empty-answer', { prompt: 'p', chosen: '', rejected: 'a' }],
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
      'label',
      'response_a',
      'response_b',
      'conversation_a',
      'conversation_b',
      'winner',
      'turn',
      'ranks',
      'ranking',
      'shown_order',
      'judgment_id',
      'prompt_messages',
    ];
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.constantFrom('user', 'assistant', 'a', 'tie', '["x"]', null, true, 3, -1, 0.5),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('value')),
      ),
    }));
    fc.assert(
      fc.property(value, (json) => {
        const parsers = Object.values(importFormats).map((format) => format.parse);
        for (const parse of [...parsers, parseSftRow, parseUnpairedRow]) {
          const parsed = parse(json, 'signed');
          if (parsed.ok) continue;
          expect(REASON_CODES).toContain(parsed.reason);
          expect(parsed.detail.length).toBeGreaterThan(5);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws at a row of any format of which one column holds anything else', () => {
    const user = [{ role: 'user', content: 'p' }];
    const said = (content: string) => [...user, { role: 'assistant', content }];
    const recorded = { lease_at: 1, submitted_at: 2, active_ms: 3, input_kind: 'api', source: 'annotator' };
    const rows = [
      { prompt: 'p', chosen: 'a', rejected: 'b', prompt_messages: JSON.stringify(user) },
      { prompt: user, completion: 'a', label: true, prompt_messages: JSON.stringify(user) },
      { prompt: 'p', response_a: 'a', response_b: 'b', winner: 'a', model_a: 'x', model_b: 'y' },
      { conversation_a: said('a'), conversation_b: said('b'), winner: 'tie', turn: 1 },
      { prompt: '["p"]', response_1: '["a"]', response_2: '["b"]', winner_model_a: 1, winner_tie: 0 },
      { prompt: 'p', responses: [{ text: 'a', rank: 1 }, 'b'], ranks: [1, 2], ranking: [[0], [1]] },
      {
        ...recorded,
        ...{ judgment_id: 'j', prompt: user, shown_order: ['x'], ranking: [['x']], tie_kind: 'both_bad' },
        ...{ responses: [{ response_id: 'x', text: 'a' }], flags: { x: ['spam'] }, given: { tags: ['t'] } },
      },
    ];
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('', ' ', -1, 1e300, [[]], [null], { text: 1 }),
    );
    const damaged = fc
      .constantFrom(...rows)
      .chain((row) => fc.tuple(fc.constant(row), fc.constantFrom(...Object.keys(row)), odd));
    fc.assert(
      fc.property(damaged, ([row, name, value]) => {
        for (const { parse } of Object.values(importFormats)) {
          const parsed = parse({ ...row, [name]: value }, null);
          if (!parsed.ok) expect(REASON_CODES).toContain(parsed.reason);
          else expect(parsed.row.prompt.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1500 },
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

  it('lets the group that a row names decide in place of its words', () => {
    const side = (content: string, metadata = {}) => splitByRow({ prompt: user(content), metadata });
    // by their words a is trained on and c is held out, as above
    expect(side('c', { other: 1 })).toBe('heldout');
    expect([side('a'), side('a', { split_group: 'c' }), side('c', { split_group: 'a' })]).toEqual([
      'train',
      'heldout',
      'train',
    ]);
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
