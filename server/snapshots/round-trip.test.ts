import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../db/client.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { projects } from '../../db/schema/projects.ts';
import { type Message, prompts, responses } from '../../db/schema/prompts.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../lib/export-formats.ts';
import type { ImportFormat } from '../../lib/import-formats.ts';
import { readLines } from '../../lib/read-lines.ts';
import { sharedPath } from '../../tests/support/shared-data.ts';
import type { Ctx } from '../context.ts';
import { importFile } from '../imports/import-file.ts';
import { ensureProject } from '../projects/ensure.ts';
import { createSnapshot } from './create.ts';
import { exportFormats } from './formats/formats.ts';
import { getSnapshotInProject } from './internal.ts';
import { writeExport } from './write-export.ts';

const root = mkdtempSync(path.join(tmpdir(), 'plumbline-round-trip-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let serial = 0;

function createInstallation(): Ctx {
  serial += 1;
  const dataFolder = path.join(root, `data-${serial}`);
  return { db: openDatabase(':memory:'), actor: { type: 'system' }, dataFolder, now: Date.now };
}

async function importInto(ctx: Ctx, slug: string, files: string[], format: ImportFormat) {
  ensureProject({ ctx, input: { slug } });
  const sum = { accepted: 0, duplicates: 0, rejected: {} as Record<string, number> };
  for (const file of files) {
    const done = await importFile({ ctx, input: { projectSlug: slug, file, format } });
    sum.accepted += done.accepted;
    sum.duplicates += done.duplicates;
    for (const [reason, n] of Object.entries(done.rejected)) {
      sum.rejected[reason] = (sum.rejected[reason] ?? 0) + n;
    }
  }
  return sum;
}

/** What a project holds, as text that two projects share exactly if they hold the same. */
function contentsOf(ctx: Ctx, slug: string) {
  const projectId = ctx.db.select().from(projects).where(eq(projects.slug, slug)).get()?.id ?? '';
  const asked = ctx.db.select().from(prompts).where(eq(prompts.projectId, projectId)).all();
  const promptOf = new Map(asked.map((prompt) => [prompt.id, prompt]));
  const texts = new Map(
    ctx.db
      .select()
      .from(responses)
      .all()
      .filter((response) => promptOf.has(response.promptId))
      .map((response) => [response.id, response]),
  );
  const pairs = ctx.db
    .select()
    .from(judgments)
    .where(eq(judgments.projectId, projectId))
    .all()
    .map(({ ranking, margin }) => {
      const [chosen, rejected] = ranking.map(([id]) => texts.get(id ?? ''));
      const prompt = promptOf.get(chosen?.promptId ?? '');
      return JSON.stringify([prompt?.messages, prompt?.split, chosen?.content, rejected?.content, margin]);
    });
  return {
    projectId,
    prompts: asked.map(({ contentHash, split }) => `${contentHash} ${split}`).sort(),
    responses: [...texts.values()].map(({ contentHash }) => contentHash).sort(),
    pairs: pairs.sort(),
  };
}

/** Exports a project in a format and imports it into a fresh project, twice. */
async function goRound(ctx: Ctx, slug: string, format: ExportFormat, readAs: ImportFormat) {
  const { projectId } = contentsOf(ctx, slug);
  const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
  const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
  serial += 1;
  const folder = path.join(root, `${format}-${serial}`);
  const { rows, notExported } = await writeExport(ctx, snapshot, { format, folder });
  const files = exportFormats[format].files.map(({ name }) => path.join(folder, name));
  const fresh = `fresh-${format}-${serial}`;
  const first = await importInto(ctx, fresh, files, readAs);
  const after = contentsOf(ctx, fresh);
  const second = await importInto(ctx, fresh, files, readAs);
  const third = await importInto(ctx, slug, files, readAs);
  return { rows, notExported, first, after, second, third, files };
}

const READABLE = EXPORT_FORMATS.map((format) => ({ format, readAs: exportFormats[format].readAs }));

/** What a format keeps of the pairs of a project: their answers one by one, without margins, or all. */
function keptBy(format: ExportFormat, contents: ReturnType<typeof contentsOf>) {
  const { prompts: kept, responses: texts } = contents;
  if (format === 'trl-unpaired') return { format, prompts: kept, responses: texts };
  const hasMargin = format !== 'hh-rlhf';
  const pairs = contents.pairs.map((pair) => (hasMargin ? pair : pair.replace(/,[^,]*\]$/, '')));
  return { format, prompts: kept, responses: texts, pairs };
}

/** Words that formats use themselves, and blanks of every kind. */
// biome-ignore format: one list
const WORDS = [
  'x', 'yes', 'é', '🦜', ' ', '  ', '    ', '\t', '\n', '\n\n', '\r\n', '\r', '"', ',', '\\', "'", '=1+1', '{', '[', 'null',
  'Human:', 'Assistant:', '\n\nHuman: ', '\n\nAssistant: ', '\n\nAssistant:', '\r\n\r\nHuman: ', '\n\nSystem: ',
];
const nasty = fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }).map((words) => words.join(''));
/** Half of the texts are plain, so that transcripts have something to say too. */
const text = fc.oneof(fc.constantFrom('x', ' yes', '    indented\n', 'é🦜 '), nasty);
const message: fc.Arbitrary<Message> = fc.record({
  role: fc.constantFrom('user', 'user', 'user', 'assistant', 'assistant', 'system'),
  content: text,
});
const row = fc.record({
  prompt: fc.array(message, { minLength: 1, maxLength: 4 }),
  chosen: text,
  rejected: text,
  margin: fc.constantFrom(0, 0.5, 1 / 3),
  startsWithPrompt: fc.boolean(),
});

describe('an export read again as its own format', () => {
  it('gives the same prompts, answers, margins and split, and nothing when read twice', async () => {
    const held = new Map<ExportFormat, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 25 }), async (rows) => {
        const ctx = createInstallation();
        const file = path.join(root, `rows-${serial}.jsonl`);
        const lines = rows.map(({ prompt, chosen, rejected, margin, startsWithPrompt }) => {
          // a very common layout: answers that begin with the words of the question
          const before = startsWithPrompt ? `${prompt.at(-1)?.content} ` : '';
          const side = (content: string) => [{ role: 'assistant', content: `${before}${content}` }];
          return JSON.stringify({ prompt, chosen: side(chosen), rejected: side(rejected), margin });
        });
        writeFileSync(file, lines.join('\n'));
        await importInto(ctx, 'source', [file], 'trl-preference');
        const source = contentsOf(ctx, 'source');
        if (source.pairs.length === 0) return;
        for (const { format, readAs } of READABLE) {
          const round = await goRound(ctx, 'source', format, readAs);
          const { first, after, second, third, notExported } = round;
          const numLeftOut = Object.values(notExported).reduce((sum, n) => sum + n, 0);
          expect([format, first.rejected]).toEqual([format, {}]);
          const perPair = format === 'trl-unpaired' ? 2 : 1;
          expect([format, round.rows + numLeftOut]).toEqual([format, perPair * source.pairs.length]);
          // transcripts without a column for the messages have no words for some conversations; all other formats say all
          if (format === 'hh-rlhf') {
            const known = ['system-message', 'not-begun-by-human', 'turn-marker-in-text', 'empty-prompt'];
            expect([...known, 'reads-as-another-prompt']).toEqual(
              expect.arrayContaining(Object.keys(notExported)),
            );
            const { pairs } = keptBy(format, source);
            expect(pairs).toEqual(expect.arrayContaining(keptBy(format, after).pairs ?? []));
          } else if (format === 'trl-unpaired') {
            // a blank answer is none to learn from, and a pair has at most one
            expect(['empty-answer']).toEqual(expect.arrayContaining(Object.keys(notExported)));
            expect([format, after.prompts]).toEqual([format, source.prompts]);
            expect(source.responses).toEqual(expect.arrayContaining(after.responses));
          } else {
            expect([format, notExported]).toEqual([format, {}]);
            expect(keptBy(format, after)).toEqual(keptBy(format, source));
          }
          expect([format, third.accepted]).toEqual([format, 0]);
          expect([format, second.accepted]).toEqual([format, 0]);
          held.set(format, (held.get(format) ?? 0) + first.accepted);
        }
      }),
      { numRuns: 12, seed: 20261128 },
    );
    // the test must have seen pairs in every format
    for (const { format } of READABLE) expect([format, (held.get(format) ?? 0) > 5]).toEqual([format, true]);
  }, 120_000);

  const real = sharedPath('data', 'pref', 'hh-rlhf', 'helpful-base.test.jsonl.gz');
  it.skipIf(real === null)(
    'keeps every prompt of helpful-base, and its side',
    async () => {
      const ctx = createInstallation();
      // every seventh row: the whole file takes minutes, of which the pauses between batches are most
      const lines: string[] = [];
      for await (const entry of readLines(real ?? '')) {
        if ('line' in entry && entry.number % 7 === 0) lines.push(entry.line);
      }
      const sample = path.join(root, 'helpful-base-sample.jsonl');
      writeFileSync(sample, lines.join('\n'));
      await importInto(ctx, 'source', [sample], 'hh-rlhf');
      const source = contentsOf(ctx, 'source');
      expect(source.pairs.length).toBeGreaterThan(300);
      for (const { format, readAs } of READABLE) {
        const { first, after, second, third, notExported } = await goRound(ctx, 'source', format, readAs);
        const leftOut = format === 'trl-unpaired' ? ['empty-answer'] : [];
        expect([format, first.rejected]).toEqual([format, {}]);
        expect(leftOut).toEqual(expect.arrayContaining(Object.keys(notExported)));
        if (format === 'trl-unpaired') expect([format, after.prompts]).toEqual([format, source.prompts]);
        else expect(keptBy(format, after)).toEqual(keptBy(format, source));
        expect([format, second.accepted, third.accepted]).toEqual([format, 0, 0]);
      }
    },
    180_000,
  );

  it('is refused where its prompt and its messages do not say the same', async () => {
    const ctx = createInstallation();
    const file = path.join(root, 'mixed.jsonl');
    const prompt = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Sum 1+1' },
    ];
    const side = (content: string) => [{ role: 'assistant', content }];
    writeFileSync(file, JSON.stringify({ prompt, chosen: side('2'), rejected: side('3') }));
    await importInto(ctx, 'source', [file], 'trl-preference');
    // another row makes the column necessary
    const apart = path.join(root, 'apart.jsonl');
    writeFileSync(
      apart,
      JSON.stringify({
        prompt: [{ role: 'user', content: 'Hi' }],
        chosen: side('Hi!'),
        rejected: side('Hi there'),
      }),
    );
    await importInto(ctx, 'source', [apart], 'trl-preference');
    const { files } = await goRound(ctx, 'source', 'trl', 'trl-preference');
    const changed = files.map((name) => {
      writeFileSync(
        `${name}.changed`,
        readFileSync(name, 'utf8').replaceAll('Sum 1+1\\n\\n', 'Sum 2+2\\n\\n'),
      );
      return `${name}.changed`;
    });
    const { accepted, rejected } = await importInto(ctx, 'changed', changed, 'trl-preference');
    expect({ accepted, rejected }).toEqual({ accepted: 1, rejected: { 'prompts-differ': 1 } });
  });
});
