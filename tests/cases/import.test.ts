/** Small files that went wrong once, each for a kind of fault: through the command line and through the page's upload. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { type Message, prompts, responses } from '../../db/schema/prompts.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { EXPORT_FORMATS } from '../../lib/export-formats.ts';
import type { ImportFormat } from '../../lib/import-formats.ts';
import type { Ctx } from '../../server/context.ts';
import { openDataFolder } from '../../server/data-folder.ts';
import { importFile } from '../../server/imports/import-file.ts';
import { receiveUpload } from '../../server/imports/receive-upload.ts';
import { runImport } from '../../server/imports/run-import.ts';
import { ensureProject } from '../../server/projects/ensure.ts';
import { createSnapshot } from '../../server/snapshots/create.ts';
import { exportFormats } from '../../server/snapshots/formats/formats.ts';
import { getSnapshotInProject } from '../../server/snapshots/internal.ts';
import { writeExport } from '../../server/snapshots/write-export.ts';
import { sharedPath } from '../support/shared-data.ts';

const folder = sharedPath('cases', 'import');
const root = mkdtempSync(path.join(tmpdir(), 'plumbline-cases-'));
const data = path.join(root, 'data');
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Case = {
  file: string;
  format: ImportFormat;
  accepted: number;
  /** lines that are refused, with the reason */
  refused?: Record<number, string>;
  /** what is said of the file as a whole, which has then failed */
  error?: RegExp;
  /** what is said of the first refused line */
  detail?: RegExp;
  /** what is in the project then: prompt, answers (for comparisons the better one first) */
  holds?: [prompt: string | Message[], ...answers: string[]][];
};

const said = (role: Message['role'], content: string): Message => ({ role, content });
const river = (i: number): [string, string, string] => [`Name a river number ${i}.`, 'The Elbe.', 'A hill.'];

const CASES: Case[] = [
  {
    file: 'unpaired-surrogate.jsonl',
    format: 'trl-preference',
    accepted: 0,
    refused: { 1: 'malformed-text' },
    detail: /^chosen holds half of a surrogate pair \(\\ud83d at 5\)/,
    error: /malformed-text/,
  },
  {
    file: 'unpaired-surrogate-prompt.jsonl',
    format: 'trl-preference',
    accepted: 1,
    refused: { 1: 'malformed-text' },
    holds: [['half \ufffd low', 'x', 'y']],
  },
  {
    file: 'prompt-twice-conversational.jsonl',
    format: 'trl-preference',
    accepted: 3,
    holds: [river(0), river(1), river(2)],
  },
  {
    file: 'prompt-twice-text.jsonl',
    format: 'trl-preference',
    accepted: 1,
    holds: [['Q: capital of Peru?', ' A: Lima', ' A: Quito']],
  },
  { file: 'multi-turn.jsonl', format: 'trl-preference', accepted: 8 },
  {
    file: 'utf16-le-prompts.txt',
    format: 'prompts',
    accepted: 0,
    error: /UTF-16 text \(little-endian\) without/,
  },
  { file: 'utf16-le-bom-pairs.csv', format: 'csv', accepted: 1, holds: [['p', 'a', 'b']] },
  {
    file: 'mixed-eol-header-lf.csv',
    format: 'csv',
    accepted: 2,
    holds: [
      ['p1', 'a1', 'b1'],
      ['p2', 'a2', 'b2'],
    ],
  },
  {
    file: 'stray-quotes.csv',
    format: 'csv',
    accepted: 3,
    refused: { 3: 'malformed-csv', 4: 'malformed-csv' },
    holds: [
      ['p1', 'a1', 'b1'],
      ['p4', 'a4', 'b4'],
      ['p5', 'a5', 'b5'],
    ],
  },
  {
    file: 'unclosed-quote.csv',
    format: 'csv',
    accepted: 1,
    refused: { 3: 'unreadable-rest' },
    error: /line 3: a quote opened on line 3 is never closed/,
    holds: [['p1', 'a1', 'b1']],
  },
  {
    file: 'eleven-responses.csv',
    format: 'csv',
    accepted: 0,
    refused: { 2: 'wrong-columns' },
    error: /11 responses; expected at most 9/,
  },
  { file: 'column-twice.csv', format: 'csv', accepted: 0, error: /two columns are called "chosen"/ },
  {
    file: 'json-array.json',
    format: 'trl-preference',
    accepted: 3,
    holds: [0, 1, 2].map((i) => [`p${i}`, 'good', 'bad']),
  },
  {
    file: 'prompts-that-begin-with-a-brace.txt',
    format: 'prompts',
    accepted: 5,
    holds: [
      ['"quoted prompt"'],
      ['[1,2,3] is a list?'],
      ['late bom'],
      ['plain prompt'],
      ['{name} is a placeholder. Explain.'],
    ],
  },
  {
    file: 'tool-calls.jsonl',
    format: 'trl-preference',
    accepted: 0,
    refused: { 1: 'unsupported-message', 2: 'unsupported-message' },
    detail: /chosen\[0\] \(assistant\) carries "tool_calls"/,
    error: /"tool_calls"/,
  },
  {
    file: 'no-blanks-between-words.jsonl',
    format: 'trl-preference',
    accepted: 2,
    holds: [
      ['天空是', '蓝色的。', '绿色的。'],
      ['東京は日本の首都です。', '人口は多い。', '寒い国。'],
    ],
  },
  {
    file: 'hh-edges.jsonl',
    format: 'hh-rlhf',
    accepted: 5,
    refused: { 4: 'prompts-differ', 5: 'bad-transcript', 8: 'identical-pair' },
    holds: [
      ['One?', 'Yes', 'No'],
      ['Six?', 'Yes', 'No'],
      ['Three?', 'def f():\n    pass\n', 'no'],
      ['Two?', 'Yes', 'No'],
      [[said('system', 'Be brief.'), said('user', 'Seven?')], 'Yes', 'No'],
    ],
  },
  {
    file: 'roles.jsonl',
    format: 'trl-preference',
    accepted: 1,
    refused: { 1: 'unsupported-message', 2: 'unsupported-message', 3: 'wrong-columns' },
    detail: /prompt\[0\] has the role "developer"; expected one of system, user, assistant/,
    holds: [['Hi', 'Yo', 'Hey']],
  },
  {
    file: 'not-yet.parquet',
    format: 'trl-preference',
    accepted: 0,
    error: /found a Parquet file; expected JSON/,
  },
  { file: 'not-text.zst', format: 'trl-preference', accepted: 0, error: /found Zstandard data/ },
  { file: 'zip-inside.jsonl', format: 'trl-preference', accepted: 0, error: /found a zip archive/ },
];

function runCli(script: string, args: string[]): Promise<{ status: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.on('close', (status) => resolve({ status, stdout }));
  });
}

/** Prompts with their answers, as text in order; a prompt of one user message is its text. */
function contentsOf(db: Db, projectId: string): NonNullable<Case['holds']> {
  const answers = new Map(
    db
      .select()
      .from(responses)
      .all()
      .map(({ id, content }) => [id, content]),
  );
  const pairs = new Map<string, string[]>();
  for (const { ranking } of db.select().from(judgments).where(eq(judgments.projectId, projectId)).all()) {
    const [best] = ranking.flat();
    const { promptId = '' } =
      db
        .select()
        .from(responses)
        .where(eq(responses.id, best ?? ''))
        .get() ?? {};
    pairs.set(
      promptId,
      ranking.flat().map((id) => answers.get(id) ?? ''),
    );
  }
  const held = db.select().from(prompts).where(eq(prompts.projectId, projectId)).all();
  const rows = held.map(({ id, messages }): NonNullable<Case['holds']>[number] => {
    const [only, ...more] = messages;
    const isText = only?.role === 'user' && more.length === 0;
    return [isText ? only.content : messages, ...(pairs.get(id) ?? [])];
  });
  const key = ([prompt]: (typeof rows)[number]) =>
    typeof prompt === 'string' ? prompt : JSON.stringify(prompt);
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const slugOf = (file: string) => file.replace(/[^a-z0-9]+/g, '-');

describe.skipIf(folder === null)('a file that went wrong once', () => {
  describe.each(CASES)('$file', (wanted) => {
    const { file, format } = wanted;
    const source = path.join(folder ?? '', file);
    const numRefused = Object.keys(wanted.refused ?? {}).length;
    const isFailed = wanted.error !== undefined;
    const status = isFailed ? 'failed' : 'done';

    it('is right by the command line', async () => {
      const args = ['--project', slugOf(file), '--format', format, source, '--data', data, '--json'];
      const done = await runCli('server/cli/import.ts', args);
      const result = JSON.parse(done.stdout);
      expect(done.status).toBe(isFailed ? 1 : 0);
      expect(result).toMatchObject({ status, accepted: wanted.accepted, duplicates: 0 });
      expect(result.read).toBe(wanted.accepted + numRefused);
      const lines = result.rejects.map(({ line, reason }: { line: number; reason: string }) => [
        line,
        reason,
      ]);
      expect(Object.fromEntries(lines)).toEqual(wanted.refused ?? {});
      if (wanted.detail) expect(result.rejects[0].detail).toMatch(wanted.detail);
      if (wanted.error) expect(result.error).toMatch(wanted.error);
    }, 60_000);

    it('is the same by an upload', async () => {
      const db = createTestDb();
      const { projectId, userIds } = seedProject(db);
      const ctx: Ctx = {
        db,
        actor: { type: 'user', userId: userIds.researcher, isInstanceOwner: false },
        dataFolder: path.join(root, slugOf(file)),
        now: Date.now,
      };
      const stream = Readable.from(readFileSync(source));
      const { importId } = await receiveUpload({ ctx, projectId, fileName: file, format, stream });
      const summary = await runImport({ ctx, input: { importId } });
      expect(summary).toMatchObject({
        status,
        accepted: wanted.accepted,
        read: wanted.accepted + numRefused,
      });
      if (wanted.error) expect(summary.error).toMatch(wanted.error);
      if (wanted.holds) expect(contentsOf(db, projectId)).toEqual(wanted.holds);
    }, 60_000);
  });

  it('leaves a data folder that verify calls intact', async () => {
    const { status, stdout } = await runCli('server/cli/verify.ts', [data, '--json']);
    expect([status, JSON.parse(stdout.trim().split('\n').at(-1) ?? '')]).toMatchObject([0, { ok: true }]);
  }, 60_000);

  describe('multi-turn.jsonl, exported and read again', () => {
    let ctx: Ctx;
    const home = () => contentsOf(ctx.db, projectOf('home'));
    const projectOf = (slug: string) => ensureProject({ ctx, input: { slug } }).projectId;
    beforeAll(async () => {
      const dataFolder = path.join(root, 'round');
      ctx = { db: openDataFolder(dataFolder), actor: { type: 'system' }, dataFolder, now: Date.now };
      projectOf('home');
      const file = path.join(folder ?? '', 'multi-turn.jsonl');
      await importFile({ ctx, input: { projectSlug: 'home', file, format: 'trl-preference' } });
    });

    it.each(EXPORT_FORMATS)(
      'as %s: the same prompts and answers, nothing new at home',
      async (format) => {
        const projectId = projectOf('home');
        const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
        const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
        const out = path.join(root, `out-${format}`);
        const { notExported } = await writeExport(ctx, snapshot, { format, folder: out });
        const fresh = projectOf(`fresh-${format}`);
        for (const { name } of exportFormats[format].files) {
          const input = { file: path.join(out, name), format: exportFormats[format].readAs };
          const again = await importFile({ ctx, input: { ...input, projectSlug: 'home' } });
          expect([again.accepted, again.rejected]).toEqual([0, {}]);
          await importFile({ ctx, input: { ...input, projectSlug: `fresh-${format}` } });
        }
        const prompted = (rows: ReturnType<typeof contentsOf>) => rows.map(([prompt]) => prompt);
        if (format === 'hh-rlhf') {
          // it has no words for system messages and texts that look like turns, and says so
          expect(Object.keys(notExported).sort()).toEqual(
            expect.arrayContaining(['system-message', 'turn-marker-in-text']),
          );
          expect(home()).toEqual(expect.arrayContaining(contentsOf(ctx.db, fresh)));
        } else if (format === 'trl-unpaired') {
          expect(prompted(contentsOf(ctx.db, fresh))).toEqual(prompted(home()));
        } else {
          expect([notExported, contentsOf(ctx.db, fresh)]).toEqual([{}, home()]);
        }
      },
      60_000,
    );
  });
});
