import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadPreferences, loadPrompts, loadSftExamples, loadTexts, loadUnpaired } from './load-examples.ts';

let folder: string;
const file = (name: string, content: string | Buffer) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'examples-'));
});

describe('loadPreferences', () => {
  it('counts every row it leaves out, with its line', async () => {
    const good = JSON.stringify({ prompt: 'p', chosen: 'a', rejected: 'b', margin: 0.5 });
    const path = file(
      'pairs.jsonl.gz',
      gzipSync(
        Buffer.concat([
          Buffer.from(`${good}\n${good}\n{oops\n{"prompt":"p"}\n`),
          Buffer.from([0x22, 0xff, 0x22, 0x0a]),
          Buffer.from('{"prompt":"p","chosen":"","rejected":"b"}\n'),
        ]),
      ),
    );
    const { examples, report } = await loadPreferences(path, { heldoutFraction: 0 });
    expect(examples).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        prompt: [{ role: 'user', content: 'p' }],
        responses: ['a', 'b'],
        ranks: [0, 1],
        margin: 0.5,
        split: 'train',
        at: `${path}, line 1`,
      },
    ]);
    expect(report).toMatchObject({
      read: 6,
      used: 1,
      rejected: {
        duplicate: 1,
        'malformed-json': 1,
        'wrong-columns': 1,
        'invalid-utf8': 1,
        'empty-answer': 1,
      },
    });
    expect(report.examples[0]).toEqual({ line: 2, reason: 'duplicate', detail: 'the same as line 1' });
  });

  it('reads CSV, and says when it holds only prompts', async () => {
    expect((await loadPreferences(file('a.csv', 'prompt,chosen,rejected\np,a,b\n'))).examples).toHaveLength(
      1,
    );
    expect((await loadPreferences(file('b.csv', 'prompt\np\n'))).report.rejected).toEqual({
      'wrong-columns': 1,
    });
  });

  it('says when there is no file', async () => {
    await expect(loadPreferences(join(folder, 'none.jsonl'))).rejects.toThrow(/ENOENT/);
  });

  const hh = new URL('../../../shared/data/pref/hh-rlhf/helpful-base.test.jsonl.gz', import.meta.url)
    .pathname;
  it.skipIf(!existsSync(hh))('uses 2,343 rows of helpful-base', async () => {
    const { report } = await loadPreferences(hh);
    expect(report).toMatchObject({
      read: 2354,
      used: 2343,
      rejected: { 'identical-pair': 2, 'prompts-differ': 9 },
    });
  });
});

describe('the other loaders', () => {
  it('read SFT rows from JSON lines and from a JSON array', async () => {
    const rows = [
      { prompt: 'p', completion: 'c' },
      { instruction: 'i', output: 'o' },
    ];
    const asLines = await loadSftExamples(
      file('sft.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')),
    );
    const asArray = await loadSftExamples(file('sft.json', JSON.stringify(rows)));
    const withoutPlace = asLines.examples.map(({ at: _, ...row }) => row);
    expect(withoutPlace).toEqual(asArray.examples.map(({ at: _, ...row }) => row));
    expect(asLines.examples.map((row) => row.completion)).toEqual(['c', 'o']);
    await expect(loadSftExamples(file('bad.json', '[{"prompt"'))).rejects.toThrow(/line 1: .*cut off/);
  });

  it('read prompts once each', async () => {
    const { examples, report } = await loadPrompts(file('p.txt', 'one\ntwo\n\none\n'));
    expect(examples.map((example) => example.prompt[0]?.content)).toEqual(['one', 'two']);
    expect(report.rejected).toEqual({ duplicate: 1 });
    expect((await loadPrompts(file('p.csv', 'prompt\n"a, b"\n'))).examples[0]?.prompt[0]?.content).toBe(
      'a, b',
    );
  });

  it('read texts by row, by line or by document', async () => {
    expect(
      (await loadTexts(file('t.jsonl', '{"text":"a"}\n{"txt":"b"}\n{"text":" "}\n'))).report.rejected,
    ).toEqual({
      'wrong-columns': 1,
      'empty-answer': 1,
    });
    expect((await loadTexts(file('l.txt', 'a\nb\n'))).examples).toEqual([{ text: 'a' }, { text: 'b' }]);
    expect((await loadTexts(file('d.txt', 'a\nb\n<|endoftext|>\nc\n'))).examples).toEqual([
      { text: 'a\nb' },
      { text: 'c' },
    ]);
  });

  it('read labelled answers in every form that other rows come in, to the same examples', async () => {
    const rows = [
      { prompt: 'p, "q"', completion: 'c\nd', label: true },
      { prompt: 'p, "q"', completion: 'e', label: false },
      { prompt: '\n\nHuman: a\n\nAssistant:', completion: ' b', label: true },
    ];
    const lines = rows.map((row) => JSON.stringify(row)).join('\n');
    const cells = (sign: string) => {
      const quoted = rows.map((row) =>
        Object.values(row)
          .map((value) => `"${String(value).replaceAll('"', '""')}"`)
          .join(sign),
      );
      return [['prompt', 'completion', 'label'].join(sign), ...quoted].join('\n');
    };
    const files = [
      file('u.jsonl', lines),
      file('u.json', JSON.stringify(rows, null, 2)),
      file('u.csv', cells(',')),
      file('u.tsv', cells('\t')),
      file('u.jsonl.gz', gzipSync(lines)),
      file('u.csv.gz', gzipSync(cells(','))),
      file('u16.csv', Buffer.from(`\ufeff${cells(',')}`, 'utf16le')),
    ];
    const loaded = await Promise.all(files.map((path) => loadUnpaired(path)));
    const plain = loaded.map(({ examples }) => examples.map(({ at: _, ...example }) => example));
    for (const examples of plain) expect(examples).toEqual(plain[0]);
    expect(plain[0]?.map(({ completion, isDesirable }) => [completion, isDesirable])).toEqual([
      ['c\nd', true],
      ['e', false],
      ['b', true],
    ]);
    expect(plain[0]?.[2]?.prompt).toEqual([{ role: 'user', content: 'a' }]);
    expect(
      (await loadUnpaired(file('odd.csv', 'prompt,completion,label\np,c,perhaps\n'))).report,
    ).toMatchObject({
      used: 0,
      rejected: { 'wrong-columns': 1 },
    });
  });
});
