import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judgments } from '../../db/schema/judgments.ts';
import { seats } from '../../db/schema/tasks.ts';
import type { ImportFormat } from '../../lib/import-formats.ts';
import type { Ctx } from '../context.ts';
import { rankedExamplesOf, sftExamplesOf, unpairedExamplesOf } from '../runs/training-data.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { getSnapshotInProject } from '../snapshots/internal.ts';
import { writeExport } from '../snapshots/write-export.ts';
import { createLabelingWorld } from '../tasks/testing.ts';
import { verifyDatabase } from '../verify/verify-data-folder.ts';
import { importFile } from './import-file.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-judged-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;

function createWorld() {
  serial += 1;
  const { db, projectId, as, userIds } = createLabelingWorld();
  const dataFolder = path.join(folder, `data-${serial}`);
  const ctx: Ctx = { ...as(userIds.owner), actor: { type: 'system' }, dataFolder };
  const importText = (text: string, format: ImportFormat, extension = 'jsonl') => {
    serial += 1;
    const file = path.join(folder, `${serial}.${extension}`);
    writeFileSync(file, text);
    return importFile({ ctx, input: { projectSlug: projectId.replace('_', '-'), file, format } });
  };
  const freeze = async () => {
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    return getSnapshotInProject(ctx, { projectId, snapshotId });
  };
  return { ctx, db, importText, freeze };
}

const asLines = (rows: object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

describe('labelled answers', () => {
  it('become judgments that KTO learns from and comparisons leave out, once each', async () => {
    const { ctx, db, importText, freeze } = createWorld();
    const rows = [
      { prompt: 'p', completion: 'good', label: true },
      { prompt: 'p', completion: 'bad', label: false, annotator: 'x' },
      { prompt: 'q', completion: 'good', label: true, tags: ['t'] },
    ];
    const text = asLines([...rows, rows[0] as object]);
    expect(await importText(text, 'trl-unpaired')).toMatchObject({ accepted: 3, duplicates: 1 });
    expect(await importText(text, 'trl-unpaired')).toMatchObject({ accepted: 0, duplicates: 4 });
    // the same answer labelled otherwise is another vote
    const other = JSON.stringify({ ...rows[0], label: false });
    expect(await importText(other, 'trl-unpaired')).toMatchObject({ accepted: 1 });
    expect(
      db
        .select()
        .from(judgments)
        .all()
        .map(({ tieKind }) => tieKind)
        .sort(),
    ).toEqual(['both_bad', 'both_bad', 'both_good', 'both_good']);
    expect(db.select().from(seats).all()).toEqual([]);

    const snapshot = await freeze();
    const examples = await unpairedExamplesOf(ctx, snapshot);
    const said = examples.map(
      ({ prompt, completion, isDesirable }) => `${prompt[0]?.content} ${completion} ${isDesirable}`,
    );
    expect(said.sort()).toEqual(['p bad false', 'p good false', 'p good true', 'q good true']);
    expect(await rankedExamplesOf(ctx, snapshot)).toEqual([]);
    expect(await sftExamplesOf(ctx, snapshot)).toEqual([]);
    const out = path.join(folder, `out-${serial}`);
    expect(await writeExport(ctx, snapshot, { format: 'trl', folder: out })).toMatchObject({
      rows: 0,
      notExported: { 'single-answer': 4 },
    });
    expect((await verifyDatabase(db)).broken).toBeNull();
  });

  it('say nothing new where a comparison says it, and a comparison is new where only labels are', async () => {
    const { importText } = createWorld();
    const pair = JSON.stringify({ prompt: 'p', chosen: 'a', rejected: 'b' });
    const labels = asLines([
      { prompt: 'p', completion: 'a', label: true },
      { prompt: 'p', completion: 'b', label: false },
    ]);
    expect(await importText(labels, 'trl-unpaired')).toMatchObject({ accepted: 2 });
    expect(await importText(pair, 'trl-preference')).toMatchObject({ accepted: 1 });
    const fresh = createWorld();
    expect(await fresh.importText(pair, 'trl-preference')).toMatchObject({ accepted: 1 });
    expect(await fresh.importText(labels, 'trl-unpaired')).toMatchObject({ accepted: 0, duplicates: 2 });
    const more = JSON.stringify({ prompt: 'p', completion: 'a', label: true, annotator: 'x' });
    expect(await fresh.importText(more, 'trl-unpaired')).toMatchObject({ accepted: 1 });
  });
});

describe('verdicts and rankings', () => {
  it('mean what all numbers of their file say, in a table as in JSON', async () => {
    const verdicts = (...winners: (number | string)[]) =>
      winners.map((winner, i) => ({ prompt: `p${i}`, response_a: 'one', response_b: 'two', winner }));
    const table = (...winners: (number | string)[]) =>
      [
        'prompt,response_a,response_b,winner',
        ...verdicts(...winners).map((row) => Object.values(row).join(',')),
      ].join('\n');
    const { db, importText } = createWorld();
    expect(await importText(asLines(verdicts(1, 0, -1)), 'side-by-side')).toMatchObject({ accepted: 3 });
    const said = db.select().from(judgments).all();
    expect(said.map(({ tieKind, ranking }) => [tieKind, ranking.length])).toEqual([
      ['none', 2],
      ['equal', 1],
      ['none', 2],
    ]);
    // the same verdicts in words and in a table are here already
    expect(await importText(table('a', 'tie', 'model_b'), 'csv', 'csv')).toMatchObject({
      accepted: 0,
      duplicates: 3,
    });
    expect(await importText(table(1, 0, -1), 'csv', 'csv')).toMatchObject({ accepted: 0, duplicates: 3 });
    expect(await importText(table(1, 0), 'csv', 'csv')).toMatchObject({
      status: 'failed',
      rejected: { 'wrong-columns': 2 },
      error: expect.stringMatching(/the number 1, which may mean either answer or a tie/),
    });
  });

  it('are kept with their ties, however long they are', async () => {
    const { ctx, importText, freeze } = createWorld();
    const row = { prompt: 'p', responses: ['a', 'b', 'c', 'd'], ranks: [2, 1, 2, 3], rater: 'x' };
    expect(await importText(JSON.stringify(row), 'ranking')).toMatchObject({ accepted: 1 });
    expect(await importText(JSON.stringify({ ...row, rater: 'y' }), 'ranking')).toMatchObject({
      accepted: 1,
    });
    // a pair out of a ranking is known, the other way round it is not
    const pair = { prompt: 'p', chosen: 'b', rejected: 'd', annotator: 'x' };
    expect(await importText(JSON.stringify(pair), 'trl-preference')).toMatchObject({ accepted: 0 });
    const [example] = await rankedExamplesOf(ctx, await freeze());
    expect(example).toMatchObject({ responses: ['b', 'a', 'c', 'd'], ranks: [0, 1, 1, 2] });
    const turned = { ...pair, chosen: 'd', rejected: 'b' };
    expect(await importText(JSON.stringify(turned), 'trl-preference')).toMatchObject({ accepted: 1 });
  });
});
