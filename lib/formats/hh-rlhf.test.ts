import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readLines } from '../read-lines.ts';
import { parseHhRlhfRow } from './hh-rlhf.ts';
import { parseJsonLine } from './parse-json-line.ts';
import { splitByPrompt } from './split-by-prompt.ts';

const ask = '\n\nHuman: Hello?\n\nAssistant: Yes?\n\nHuman: A colour, please.\n\nAssistant:';

describe('parseHhRlhfRow', () => {
  it('takes a pair apart into turns', () => {
    expect(parseHhRlhfRow({ chosen: `${ask} Blue.`, rejected: `${ask} No.` })).toEqual({
      ok: true,
      row: {
        prompt: [
          { role: 'user', content: 'Hello?' },
          { role: 'assistant', content: 'Yes?' },
          { role: 'user', content: 'A colour, please.' },
        ],
        chosen: 'Blue.',
        rejected: 'No.',
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
      row: { rejected: '' },
    });
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
