import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readLines } from '../read-lines.ts';
import { parseHhRlhfRow } from './hh-rlhf.ts';
import { parseJsonLine } from './parse-json-line.ts';
import { splitByPrompt } from './split-by-prompt.ts';

const ask = '\n\nHuman: Hello?\n\nAssistant: Yes?\n\nHuman: A colour, please.\n\nAssistant:';

describe('parseHhRlhfRow', () => {
  it('takes a pair apart into turns', () => {
    expect(parseHhRlhfRow({ chosen: `${ask} Blue.`, rejected: `${ask} No.` })).toMatchObject({
      ok: true,
      row: {
        prompt: [
          { role: 'user', content: 'Hello?' },
          { role: 'assistant', content: 'Yes?' },
          { role: 'user', content: 'A colour, please.' },
        ],
        chosen: { text: 'Blue.' },
        rejected: { text: 'No.' },
        margin: 0,
      },
    });
  });

  it.each([
    ['wrong-columns', { chosen: `${ask} Blue.` }],
    ['wrong-columns', [`${ask} Blue.`]],
    ['bad-transcript', { chosen: `${ask} Blue.`, rejected: 'Blue' }],
    ['bad-transcript', { chosen: 'Hi\n\nAssistant: a', rejected: 'Hi\n\nAssistant: b' }],
    ['identical-pair', { chosen: `${ask} Blue.`, rejected: `${ask} Blue.` }],
    ['identical-pair', { chosen: `${ask} Blue.`, rejected: `${ask}  Blue.` }],
    ['prompts-differ', { chosen: `${ask} Blue.`, rejected: `${ask} Hm.\n\nAssistant: Blue.` }],
    ['empty-prompt', { chosen: '\n\nHuman: \n\nAssistant: a', rejected: '\n\nHuman: \n\nAssistant: b' }],
    ['empty-answer', { chosen: `${ask} `, rejected: `${ask} Blue.` }],
  ])('refuses: %s', (reason, value) => {
    expect(parseHhRlhfRow(value)).toMatchObject({ ok: false, reason });
  });

  it('keeps a comparison that a blank answer lost', () => {
    expect(parseHhRlhfRow({ chosen: `${ask} Blue.`, rejected: `${ask} ` })).toMatchObject({
      row: { rejected: { text: '' } },
    });
  });

  it('keeps indentation and line ends: only the blank behind the colon is spelling', () => {
    const row = { chosen: `${ask}     return 1\n`, rejected: `${ask} no` };
    expect(parseHhRlhfRow(row)).toMatchObject({ row: { chosen: { text: '    return 1\n' } } });
  });

  it('reads CRLF transcripts, turns without a blank, and a system turn that stands first', () => {
    const crlf = '\r\n\r\nHuman: One?\r\n\r\nAssistant:';
    expect(parseHhRlhfRow({ chosen: `${crlf} Yes`, rejected: `${crlf}No` })).toMatchObject({
      row: { prompt: [{ role: 'user', content: 'One?' }], chosen: { text: 'Yes' }, rejected: { text: 'No' } },
    });
    const told = '\n\nSystem: Be brief.\n\nHuman: One?\n\nAssistant:';
    expect(parseHhRlhfRow({ chosen: `${told} Yes`, rejected: `${told} No` })).toMatchObject({
      row: { prompt: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }] },
    });
  });

  it.each([
    ['both', `${ask} a\n\nHuman: b`, `${ask} c\n\nHuman: b`, 'chosen'],
    ['the losing one', `${ask} a`, `${ask} c\n\nHuman:`, 'rejected'],
    ['with CRLF', `${ask} a\r\n\r\nHuman: b`, `${ask} c`, 'chosen'],
  ])('refuses a transcript that ends with a Human turn: %s', (_, chosen, rejected, side) => {
    expect(parseHhRlhfRow({ chosen, rejected })).toEqual({
      ok: false,
      reason: 'bad-transcript',
      detail: `"${side}" ends with a Human turn; expected one of the Assistant`,
    });
  });

  it('names the columns it found, and never shows half a character of a text that differs', () => {
    expect(parseHhRlhfRow({ chosen: 3, text: 'x' })).toMatchObject({
      detail: expect.stringMatching(/"chosen" is the number 3, "rejected" is missing; .*: chosen, text/),
    });
    const apart = (mark: string) => `\n\nHuman: ${'😀'.repeat(9)}${mark}${'😀'.repeat(40)}\n\nAssistant: a`;
    for (const mark of ['', 'x', 'xy']) {
      const parsed = parseHhRlhfRow({ chosen: apart(`${mark}1`), rejected: apart(`${mark}2`) });
      expect(parsed).toMatchObject({ reason: 'prompts-differ' });
      expect(JSON.stringify(parsed)).not.toMatch(/\\ud8|\\ude/i);
    }
  });

  const file = new URL('../../../shared/data/pref/hh-rlhf/helpful-base.test.jsonl.gz', import.meta.url)
    .pathname;
  it.skipIf(!existsSync(file))(
    'reads the published helpful-base test file: 2,354 read, 2,343 clean',
    async () => {
      const counts: Record<string, number> = {};
      const sides: Record<string, Set<string>> = { train: new Set(), heldout: new Set() };
      for await (const line of readLines(file)) {
        const json = 'line' in line ? parseJsonLine(line.line) : { ok: false as const, reason: line.reason };
        const row = json.ok ? parseHhRlhfRow(json.value) : json;
        const key = row.ok ? 'clean' : row.reason;
        counts[key] = (counts[key] ?? 0) + 1;
        if (row.ok) sides[splitByPrompt(row.row.prompt)]?.add(row.row.prompt[0]?.content ?? '');
      }
      expect(counts).toEqual({ clean: 2343, 'identical-pair': 2, 'prompts-differ': 9 });
      expect([...(sides.train ?? [])].filter((opening) => sides.heldout?.has(opening))).toEqual([]);
      expect(sides.heldout?.size).toBeGreaterThan(380);
    },
  );
});
