import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { and, eq } from 'drizzle-orm';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { rowDigest } from '../../db/audit/row-digest.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { auditRows } from '../../db/schema/audit-rows.ts';
import { imports } from '../../db/schema/imports.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { projects } from '../../db/schema/projects.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { seats, tasks } from '../../db/schema/tasks.ts';
import type { ImportFormat } from '../../lib/import-formats.ts';
import type { Ctx } from '../context.ts';
import { createCaller } from '../root.ts';
import { responseHash } from '../tasks/content-hash.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';
import { importFile } from './import-file.ts';
import { readImportRows } from './read-import-rows.ts';
import { receiveUpload } from './receive-upload.ts';
import { listRejects, rejectsAsJsonl } from './rejects.ts';
import { runImport } from './run-import.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;

function write(content: string | Buffer, name = 'rows.jsonl'): string {
  serial += 1;
  const file = path.join(folder, `${serial}-${name}`);
  writeFileSync(file, content);
  return file;
}

const asSystem = (world: LabelingWorld): Ctx => ({
  ...world.as(world.userIds.owner),
  actor: { type: 'system' },
  dataFolder: folder,
});

function importInto(
  world: LabelingWorld,
  file: string,
  { format = 'trl-preference', shouldStop }: { format?: ImportFormat; shouldStop?: () => boolean } = {},
) {
  const slug = world.projectId.replace('_', '-');
  return importFile({ ctx: asSystem(world), input: { projectSlug: slug, file, format, shouldStop } });
}

const pair = (prompt: string, chosen: string, rejected: string) =>
  JSON.stringify({ prompt, chosen, rejected });
const manyPairs = (num: number) =>
  Array.from({ length: num }, (_, i) => pair(`Q${i}`, `yes ${i}`, `no ${i}`));

describe('runImport', () => {
  it('makes of a comparison a prompt, two responses, a task nobody is asked, and an imported judgment', async () => {
    const world = createLabelingWorld();
    const row = JSON.stringify({ prompt: 'Sky?', chosen: ' blue', rejected: ' green', margin: 0.5 });
    const summary = await importInto(world, write(`${row}\n`));
    expect(summary).toMatchObject({ status: 'done', read: 1, accepted: 1, duplicates: 0, rejected: {} });
    const { db } = world;
    const [prompt] = db.select().from(prompts).all();
    expect(prompt?.messages).toEqual([{ role: 'user', content: 'Sky?' }]);
    const texts = new Map(
      db
        .select()
        .from(responses)
        .all()
        .map((r) => [r.id, r.content]),
    );
    const [judgment] = db.select().from(judgments).all();
    expect(judgment).toMatchObject({ source: 'imported', annotatorId: null, margin: 0.5, strength: null });
    expect(judgment?.ranking.map(([id]) => texts.get(id as string))).toEqual([' blue', ' green']);
    expect([...(judgment?.shownOrder ?? [])].sort()).toEqual([...texts.keys()].sort());
    expect(db.select().from(tasks).all()[0]?.overlap).toBe(0);
    expect(db.select().from(seats).all()).toEqual([]);
  });

  it('does not let the order of responses tell who won', async () => {
    const world = createLabelingWorld();
    await importInto(world, write(manyPairs(400).join('\n')));
    const rows = world.db.select().from(judgments).all();
    const numFirst = rows.filter((row) => row.shownOrder[0] === row.ranking[0]?.[0]).length;
    // 200 expected, sd 10: more than 60 away has odds of 1e-9
    expect(Math.abs(numFirst - 200)).toBeLessThan(60);
  });

  it('vouches for every judgment by the digest in the audit event it points at', async () => {
    const world = createLabelingWorld();
    await importInto(world, write(manyPairs(3).join('\n')));
    const event = world.db.select().from(auditLog).where(eq(auditLog.action, 'imports.batch')).get();
    const rows = world.db.select().from(judgments).orderBy(judgments.id).all();
    expect(rows.map((row) => row.eventHash)).toEqual([event?.hash, event?.hash, event?.hash]);
    const lines = world.db
      .select()
      .from(auditRows)
      .where(and(eq(auditRows.seq, event?.seq ?? 0), eq(auditRows.tableName, 'judgments')))
      .all();
    expect(lines.map(({ rowKey }) => rowKey)).toEqual(rows.map(({ id }) => id));
    for (const { rowKey, salt, digest } of lines) {
      expect(rowDigest(world.db.$client, 'judgments', rowKey, salt ?? Buffer.alloc(0))).toEqual(digest);
    }
  });

  it('takes the same content once: in one file, in two, gzipped, and with sides swapped as another vote', async () => {
    const world = createLabelingWorld();
    const rows = [pair('Q', 'a', 'b'), pair('Q', 'a', 'b'), pair('Q', 'b', 'a')];
    const first = await importInto(world, write(rows.join('\n')));
    expect(first).toMatchObject({ read: 3, accepted: 2, duplicates: 1 });
    const again = await importInto(world, write(gzipSync(rows.join('\r\n'))));
    expect(again).toMatchObject({ read: 3, accepted: 0, duplicates: 3 });
    expect(world.db.select().from(tasks).all()).toHaveLength(1);
    expect(world.db.select().from(judgments).all()).toHaveLength(2);
  });

  it('counts, keeps and hands out every refused row with its reason, and the text as it came', async () => {
    const world = createLabelingWorld();
    const xss = '<img src=x onerror=alert(1)>';
    const bad = [
      '{"chosen": ',
      JSON.stringify({ instruction: 'wrong columns' }),
      pair('Q', '', 'b'),
      pair('Q', 'same', 'same'),
      pair('', 'a', 'b'),
    ];
    const file = write(
      Buffer.concat([
        Buffer.from(`${bad.join('\n')}\n`),
        Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
        Buffer.from(`\n${pair(xss, `${xss} yes`, `${xss} no`)}\n`),
      ]),
    );
    const summary = await importInto(world, file);
    expect(summary).toMatchObject({
      read: 7,
      accepted: 1,
      rejected: {
        'malformed-json': 1,
        'wrong-columns': 1,
        'empty-answer': 1,
        'identical-pair': 1,
        'empty-prompt': 1,
        'invalid-utf8': 1,
      },
    });
    const ctx = asSystem(world);
    const input = { projectId: world.projectId, importId: summary.importId };
    const { items } = listRejects({ ctx, input: { ...input, limit: 100 } });
    expect(items.map((item) => item.lineNumber)).toEqual([1, 2, 3, 4, 5, 6]);
    const lines = [...rejectsAsJsonl({ ctx, input })].map((line) => JSON.parse(line) as { raw: string });
    expect(lines.slice(0, 5).map((line) => line.raw)).toEqual(bad);
    expect(world.db.select().from(prompts).all()[0]?.messages[0]?.content).toBe(xss);
  });

  it('refuses a line of 2 GB without holding it, and reads on', async () => {
    const chunk = Buffer.alloc(2 ** 20, 'x');
    function* file() {
      yield Buffer.from(`${pair('Q', 'a', 'b')}\n{"chosen": "`);
      for (let i = 0; i < 2048; i++) yield chunk;
      yield Buffer.from(`"}\n${pair('Q2', 'a', 'b')}\n`);
    }
    const rssBefore = process.memoryUsage().rss;
    let peak = 0;
    const seen: string[] = [];
    for await (const row of readImportRows(Readable.from(file()), {
      format: 'trl-preference',
      fileName: 'x.jsonl',
    })) {
      seen.push(row.ok ? 'ok' : `${row.lineNumber} ${row.reason}`);
      peak = Math.max(peak, process.memoryUsage().rss - rssBefore);
    }
    expect(seen).toEqual(['ok', '2 line-too-long', 'ok']);
    expect(peak).toBeLessThan(256 * 2 ** 20);
  });

  it('keeps the first rejects and counts the rest, in every batch and when it goes on after a stop', async () => {
    vi.stubEnv('PLUMBLINE_IMPORT_REJECTS', '70');
    const world = createLabelingWorld();
    const file = write(
      Array.from({ length: 230 }, (_, i) => (i % 10 === 0 ? pair(`Q${i}`, 'a', 'b') : '{')).join('\n'),
    );
    let numAsked = 0;
    const first = await importInto(world, file, { shouldStop: () => ++numAsked === 2 });
    expect(first.status).toBe('running');
    const ctx = asSystem(world);
    const done = await runImport({ ctx, input: { importId: first.importId, file } });
    vi.unstubAllEnvs();
    expect(done).toMatchObject({
      status: 'done',
      read: 230,
      accepted: 23,
      rejected: { 'malformed-json': 207 },
    });
    const { projectId } = world;
    const input = { projectId, importId: first.importId };
    expect(listRejects({ ctx, input: { ...input, limit: 200 } }).items).toHaveLength(70);
    const lines = [...rejectsAsJsonl({ ctx, input })].map((line) => JSON.parse(line) as { detail: string });
    expect(lines).toHaveLength(71);
    expect(lines.at(-1)?.detail).toMatch(/^137 more rows were counted and not kept/);
  });

  it('stops at the most rows, keeps what was taken, and says which setting it is', async () => {
    vi.stubEnv('PLUMBLINE_IMPORT_ROWS', '60');
    const world = createLabelingWorld();
    const summary = await importInto(world, write(manyPairs(100).join('\n')));
    vi.unstubAllEnvs();
    expect(summary).toMatchObject({ status: 'failed', read: 60, accepted: 60 });
    expect(summary.error).toMatch(/Stopped after 60 rows.*PLUMBLINE_IMPORT_ROWS/);
  });

  it('stops a small gzip that unpacks to hundreds of times its size', async () => {
    const world = createLabelingWorld();
    const rows = Array.from({ length: 5000 }, (_, i) => `${i} ${'x'.repeat(4090)}`);
    const file = write(gzipSync(rows.join('\n')), 'rows.jsonl.gz');
    const summary = await importInto(world, file);
    expect(summary.status).toBe('failed');
    expect(summary.error).toMatch(/more than 16777216 bytes \(unpacked\)/);
    expect(summary.read).toBeLessThan(4200);
    // what SQLite holds now, rejects included
    expect(world.db.$client.pragma('page_count', { simple: true })).toBeLessThan((8 * 2 ** 20) / 4096);
  });

  it('goes on behind the last committed row when it was stopped, and counts nothing twice', async () => {
    const world = createLabelingWorld();
    const file = write([...manyPairs(500), '{', ...manyPairs(500)].join('\n'));
    let asked = 0;
    const stopped = await importInto(world, file, { shouldStop: () => ++asked === 8 });
    expect(stopped).toMatchObject({ status: 'running', read: 400, accepted: 400 });
    const ctx = asSystem(world);
    const done = await runImport({ ctx, input: { importId: stopped.importId, file } });
    expect(done).toMatchObject({
      status: 'done',
      read: 1001,
      accepted: 500,
      duplicates: 500,
      rejected: { 'malformed-json': 1 },
    });
    // a finished import is not read again
    expect(await runImport({ ctx, input: { importId: stopped.importId, file } })).toEqual(done);
    expect(world.db.select().from(judgments).all()).toHaveLength(500);
  });

  it('reads prompts from text and JSONL, and makes tasks where answers wait', async () => {
    const world = createLabelingWorld();
    const text = await importInto(world, write('First\n\nSecond\nFirst\n', 'list.txt'), {
      format: 'prompts',
    });
    expect(text).toMatchObject({ read: 3, accepted: 2, duplicates: 1 });
    const rows = [
      JSON.stringify({ prompt: 'First', responses: ['a', 'b', 'c'] }),
      JSON.stringify({ messages: [{ role: 'user', content: 'Third' }] }),
    ];
    const json = await importInto(world, write(rows.join('\n')), { format: 'prompts' });
    expect(json).toMatchObject({ read: 2, accepted: 2, duplicates: 0 });
    expect(world.db.select().from(tasks).all()).toHaveLength(1);
    expect(world.db.select().from(seats).all()).toHaveLength(1);
    const again = await importInto(world, write(rows.join('\n')), { format: 'prompts' });
    expect(again).toMatchObject({ accepted: 0, duplicates: 2 });
  });

  it('reads CSV of both kinds and names wrong columns', async () => {
    const world = createLabelingWorld();
    const judged = write('prompt,chosen,rejected,margin\n"a, ""b""",x,y,1\n', 'judged.csv');
    expect(await importInto(world, judged, { format: 'csv' })).toMatchObject({ accepted: 1 });
    expect(world.db.select().from(prompts).all()[0]?.messages[0]?.content).toBe('a, "b"');
    const open = write('prompt,response_1,response_2\nq,x,y\n', 'open.csv');
    expect(await importInto(world, open, { format: 'csv' })).toMatchObject({ accepted: 1 });
    const wrong = write('question,answer\nq,a\n', 'wrong.csv');
    expect(await importInto(world, wrong, { format: 'csv' })).toMatchObject({
      rejected: { 'wrong-columns': 1 },
    });
  });

  it('marks an import failed, and says why, when the file as a whole cannot be read', async () => {
    const world = createLabelingWorld();
    const whole = gzipSync(Array.from({ length: 2000 }, () => `${Math.random()}`).join('\n'));
    const damaged = write(whole.subarray(0, whole.length - 20), 'cut.jsonl.gz');
    expect(await importInto(world, damaged)).toMatchObject({ status: 'failed' });
    const [row] = world.db.select().from(imports).all();
    expect(row).toMatchObject({ status: 'failed', error: expect.stringMatching(/gzip/) });
  });

  it('is no success when a part of the file could not be read or nothing was taken; what was taken stays', async () => {
    const world = createLabelingWorld();
    const open = write('prompt,chosen,rejected\np1,a,b\np2,"a,b\np3,a,b\n', 'open.csv');
    expect(await importInto(world, open, { format: 'csv' })).toMatchObject({
      status: 'failed',
      accepted: 1,
      rejected: { 'unreadable-rest': 1 },
      error: expect.stringMatching(/^line 3: a quote opened on line 3 is never closed/),
    });
    for (const [content, name, error] of [
      ['', 'empty.jsonl', /no rows/],
      [
        '{"question":"q"}\n{"question":"r"}\n',
        'wrong.jsonl',
        /None of the 2 .*wrong-columns.*line 1: .*: question/,
      ],
      ['PAR1\x15\x04', 'rows.parquet', /found a Parquet file; expected/],
      ['prompt,chosen,rejected,chosen\np,a,b,z\n', 'twice.csv', /two columns are called "chosen"/],
      ['just text\n', 'notes.txt', /found lines of plain text; expected/],
    ] as const) {
      const summary = await importInto(world, write(content, name));
      expect(summary).toMatchObject({ status: 'failed', accepted: 0, error: expect.stringMatching(error) });
    }
    // what is here already is no failure
    const pairs = write(manyPairs(3).join('\n'));
    expect(await importInto(world, pairs)).toMatchObject({ status: 'done', accepted: 3 });
    expect(await importInto(world, pairs)).toMatchObject({ status: 'done', accepted: 0, duplicates: 3 });
  });

  it('refuses text that is not well-formed row by row, and leaves a data folder that verifies', async () => {
    const world = createLabelingWorld();
    const rows = [
      '{"prompt":"cut \\ud83d","chosen":"x","rejected":"y"}',
      '{"prompt":"p","chosen":"\\udc00","rejected":"y"}',
      '{"prompt":"p","chosen":"x","rejected":"y","note":"\\ud83d"}',
      pair('fine 🙂', 'x', 'y'),
    ];
    const summary = await importInto(world, write(rows.join('\n')));
    expect(summary).toMatchObject({ status: 'done', accepted: 1, rejected: { 'malformed-text': 3 } });
    const ctx = asSystem(world);
    const { items } = listRejects({
      ctx,
      input: { projectId: world.projectId, importId: summary.importId, limit: 9 },
    });
    expect(items.map((item) => `${item.lineNumber} ${item.detail.split(' ')[0]}`)).toEqual([
      '1 prompt',
      '2 chosen',
      '3 note',
    ]);
    for (const { content, contentHash } of world.db.select().from(responses).all()) {
      expect(responseHash(content)).toBe(contentHash);
    }
  });

  it('takes a tie as a tie, and the same pair of another annotator as another vote', async () => {
    const world = createLabelingWorld();
    const sides = { prompt: 'Q', chosen: 'a', rejected: 'b' };
    const rows = [
      { ...sides, annotator: 'x', strength: 2, rationale: 'clearer', submitted_at: '2024-01-02T03:04:05Z' },
      { ...sides, annotator: 'y' },
      { ...sides, annotator: 'z', tie: true },
      { ...sides, annotator: 'x' },
    ];
    const file = write(rows.map((row) => JSON.stringify(row)).join('\n'));
    expect(await importInto(world, file)).toMatchObject({ accepted: 3, duplicates: 1 });
    const rowsNow = world.db.select().from(judgments).all();
    const first = rowsNow.find((row) => row.rationale === 'clearer');
    const tied = rowsNow.find((row) => row.tieKind !== 'none');
    expect(first).toMatchObject({ submittedAt: Date.UTC(2024, 0, 2, 3, 4, 5) });
    const isFirstShown = first?.shownOrder[0] === first?.ranking[0]?.[0];
    expect(first?.strength).toBe(isFirstShown ? -2 : 2);
    expect(tied).toMatchObject({ tieKind: 'equal', strength: null });
    expect(tied?.ranking.map((group) => group.length)).toEqual([2]);
  });

  it('splits by the prompt, with the share the project wants, alike in every import', async () => {
    const world = createLabelingWorld();
    await importInto(world, write(manyPairs(1000).join('\n')));
    const rows = world.db.select().from(prompts).all();
    const heldOut = rows.filter((row) => row.split === 'heldout').length;
    // 200 expected, sd 12.6
    expect(Math.abs(heldOut - 200)).toBeLessThan(76);
    const other = createLabelingWorld();
    await importInto(other, write(manyPairs(50).join('\n')));
    const bySplit = new Map(rows.map((row) => [row.contentHash, row.split]));
    for (const row of other.db.select().from(prompts).all())
      expect(row.split).toBe(bySplit.get(row.contentHash));
    expect(world.db.select().from(projects).all()[0]?.settings.heldOutShare).toBe(0.2);
  });

  const real = path.resolve('../shared/data/pref/hh-rlhf/helpful-base.test.jsonl.gz');
  it.skipIf(!existsSync(real))('reads 2,354 rows of helpful-base and finds 2,343 clean', async () => {
    const world = createLabelingWorld();
    const summary = await importInto(world, real, { format: 'hh-rlhf' });
    expect(summary).toMatchObject({
      read: 2354,
      accepted: 2343,
      duplicates: 0,
      rejected: { 'prompts-differ': 9, 'identical-pair': 2 },
    });
    const rows = world.db.select().from(prompts).all();
    const openings = new Map<string, string>();
    for (const { messages, split } of rows) {
      const opening = messages[0]?.content.trim() ?? '';
      expect(openings.get(opening) ?? split).toBe(split);
      openings.set(opening, split);
    }
  });
});

describe('receiveUpload', () => {
  const dataFolder = path.join(folder, 'data');
  const upload = (
    world: LabelingWorld,
    content: string,
    options: { userId?: string; maxBytes?: number; scopes?: string[] } = {},
  ) =>
    receiveUpload({
      ctx: {
        ...world.as(options.userId ?? world.userIds.researcher),
        dataFolder,
        ...(options.scopes && {
          actor: {
            type: 'user',
            userId: world.userIds.researcher,
            isInstanceOwner: false,
            token: { id: 'tok_1', scopes: options.scopes },
          },
        }),
      },
      projectId: world.projectId,
      fileName: '../../etc/rows.jsonl',
      format: 'trl-preference',
      stream: Readable.from([Buffer.from(content)]),
      maxBytes: options.maxBytes,
    });
  const leftOver = () =>
    existsSync(path.join(dataFolder, 'imports')) ? readdirSync(path.join(dataFolder, 'imports')) : [];

  it('keeps the file under our own name, queues the import, and the worker reads it', async () => {
    const world = createLabelingWorld();
    const { importId } = await upload(world, pair('Q', 'a', 'b'));
    const [job] = world.db.select().from(jobs).all();
    expect(job).toMatchObject({ kind: 'import', payload: { importId }, status: 'queued' });
    const caller = createCaller(world.as(world.userIds.researcher));
    const input = { projectId: world.projectId, importId };
    expect(await caller.imports.get(input)).toMatchObject({ status: 'queued', fileName: 'rows.jsonl' });
    await runImport({ ctx: { ...asSystem(world), dataFolder }, input: { importId } });
    expect(await caller.imports.get(input)).toMatchObject({ status: 'done', accepted: 1 });
    expect(await caller.imports.list({ projectId: world.projectId })).toHaveLength(1);
  });

  it('refuses people without the right, too large and empty files, and leaves nothing behind', async () => {
    const world = createLabelingWorld();
    const before = leftOver();
    const { annotator } = world.userIds;
    await expect(upload(world, 'x', { userId: annotator })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(upload(world, 'x', { scopes: ['read'] })).rejects.toThrow(/scope "write"/);
    await expect(upload(world, 'x'.repeat(100), { maxBytes: 99 })).rejects.toMatchObject({
      code: 'too-large',
    });
    await expect(upload(world, '')).rejects.toMatchObject({ code: 'invalid' });
    expect(leftOver()).toEqual(before);
    expect(world.db.select().from(imports).all()).toEqual([]);
  });

  it('leaves nothing behind when the sender breaks off', async () => {
    const world = createLabelingWorld();
    const before = leftOver();
    function* broken() {
      yield Buffer.from('half');
      throw new Error('connection lost');
    }
    const promise = receiveUpload({
      ctx: { ...world.as(world.userIds.researcher), dataFolder },
      projectId: world.projectId,
      fileName: 'x',
      format: 'csv',
      stream: Readable.from(broken()),
    });
    await expect(promise).rejects.toThrow('connection lost');
    expect(leftOver()).toEqual(before);
  });
});
