import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, describe, expect, it } from 'vitest';
import { guidelines } from '../../db/schema/projects.ts';
import { prompts } from '../../db/schema/prompts.ts';
import { snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { users } from '../../db/schema/users.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import {
  DROP_REASONS,
  DROP_WORDS,
  describeQuery,
  type SnapshotQueryInput,
  snapshotConditions,
  snapshotQuerySchema,
} from '../../lib/snapshot-query.ts';
import type { Ctx } from '../context.ts';
import { importFile } from '../imports/import-file.ts';
import { recordJudgment } from '../judgments/record.ts';
import { reviseJudgment } from '../judgments/revise.ts';
import type { Answer } from '../judgments/schemas.ts';
import { claimTask } from '../tasks/claim.ts';
import { createLabelingWorld } from '../tasks/testing.ts';
import { verifyDatabase } from '../verify/verify-data-folder.ts';
import { compareSnapshots } from './compare.ts';
import { createSnapshot } from './create.ts';
import { getSnapshotInProject } from './internal.ts';
import { previewSnapshot } from './preview.ts';
import type { RawRow } from './raw-row.ts';
import { previewSnapshotInput } from './schemas.ts';
import { writeExport } from './write-export.ts';

const root = mkdtempSync(path.join(tmpdir(), 'plumbline-queries-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let serial = 0;

function createWorld() {
  serial += 1;
  const world = createLabelingWorld();
  const dataFolder = path.join(root, `data-${serial}`);
  const ctx: Ctx = { ...world.as(world.userIds.researcher), dataFolder };
  const { projectId } = world;
  /** the next task of a person; the response whose text comes first is best */
  const judge = (userId: string, change: Partial<Answer> | ((ids: string[]) => Partial<Answer>) = {}) => {
    const { task } = claimTask({ ctx: world.as(userId), input: { projectId } });
    if (!task) throw new Error('expected a task');
    serial += 1;
    const ids = [...task.responses].sort((a, b) => (a.content < b.content ? -1 : 1)).map(({ id }) => id);
    const isFirstBetter = ids[0] === task.responses[0]?.id;
    const answer: Answer = {
      ranking: ids.map((id) => [id]),
      strength: task.numPlaces === 2 ? (isFirstBetter ? -2 : 2) : null,
      tieKind: 'none',
      notRankable: false,
      flags: {},
      rationale: '',
      firstInteractionAt: null,
      activeMs: 1000,
      inputKind: 'keyboard',
      ...(typeof change === 'function' ? change(ids) : change),
    };
    const lease = { projectId, seatId: task.seatId, leaseToken: task.leaseToken };
    const { judgmentId } = recordJudgment({
      ctx: world.as(userId),
      input: { ...lease, idempotencyKey: `query-key-${serial}`, ...answer },
    });
    world.advance(1000);
    return { judgmentId, answer, ids };
  };
  const revise = (
    userId: string,
    { judgmentId, answer }: { judgmentId: string; answer: Answer },
    change: Partial<Answer>,
  ) => {
    serial += 1;
    const input = { projectId, judgmentId, idempotencyKey: `query-key-${serial}`, ...answer, ...change };
    const revised = reviseJudgment({ ctx: world.as(userId), input });
    world.advance(1000);
    return revised.judgmentId;
  };
  const preview = (query: SnapshotQueryInput = {}) =>
    previewSnapshot({ ctx, input: previewSnapshotInput.parse({ projectId, ...query }) });
  const make = (query: SnapshotQueryInput = {}) => createSnapshot({ ctx, input: { projectId, ...query } });
  const membersOf = (snapshotId: string) =>
    world.db
      .select({ id: snapshotJudgments.judgmentId })
      .from(snapshotJudgments)
      .where(eq(snapshotJudgments.snapshotId, snapshotId))
      .all()
      .map(({ id }) => id)
      .sort();
  return { ...world, ctx, dataFolder, judge, revise, preview, make, membersOf };
}

/** Six judgments that differ in what queries ask for, an import of two, all by name. */
async function createVariedWorld() {
  const world = createWorld();
  const { userIds, projectId, db } = world;
  const [one, other] = [userIds.annotator, world.addAnnotator()];
  const edit = (promptId: string, change: Partial<typeof prompts.$inferInsert>) =>
    db.transaction(() => db.update(prompts).set(change).where(eq(prompts.id, promptId)).run());
  const start = world.ctx.now();

  const tagged = world.addTask({ overlap: 2 });
  edit(tagged.promptId, { tags: ['math', 'hard'], metadata: { level: 3, isNew: true }, split: 'train' });
  const agreed = world.judge(one);
  const disagreed = world.judge(other, (ids) => ({
    ranking: [...ids].reverse().map((id) => [id]),
    strength: null,
  }));
  edit(world.addTask().promptId, { tags: ['poetry'], split: 'heldout' });
  const flagged = world.judge(one, (ids) => ({ flags: { [ids[1] as string]: ['harmful', 'spam'] } }));
  edit(world.addTask().promptId, { split: 'train' });
  const refused = world.judge(one, { ranking: [], strength: null, notRankable: true });
  edit(world.addTask().promptId, { split: 'train' });
  const first = world.judge(one);
  const corrected = world.revise(one, first, { rationale: 'on second thought' });
  db.transaction(() =>
    db
      .insert(guidelines)
      .values({ projectId, version: 1, text: 'Be strict.', createdBy: userIds.owner, createdAt: start })
      .run(),
  );
  world.advance(1000);
  const later = world.ctx.now();
  edit(world.addTask().promptId, { split: 'train' });
  db.update(users).set({ isSimulated: true }).where(eq(users.id, other)).run();
  const slow = world.judge(other, { activeMs: 60_000 });
  db.update(users).set({ isSimulated: false }).where(eq(users.id, other)).run();
  const imported = await importRows(world, [
    { prompt: 'I', chosen: 'a', rejected: 'b', annotator: 'rater 7', tags: ['math'], level: '3' },
    { prompt: 'J', chosen: 'a', rejected: 'b' },
  ]);
  return {
    ...world,
    ...{ agreed, disagreed, flagged, refused, first, corrected, slow, later, start, other, imported },
  };
}

async function importRows(
  { ctx, projectId }: { ctx: Ctx; projectId: string },
  rows: object[],
  format: 'trl-preference' | 'raw' = 'trl-preference',
) {
  serial += 1;
  const file = path.join(root, `rows-${serial}.jsonl`);
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  return importFile({ ctx, input: { projectSlug: projectId.replace('_', '-'), file, format } });
}

describe('the query language', () => {
  it('has words for every reason and every condition, and refuses what is not in it', () => {
    expect(Object.keys(DROP_WORDS).sort()).toEqual([...DROP_REASONS].sort());
    const full: Required<SnapshotQueryInput> = {
      ...{ sources: ['annotator'], since: 0, until: 60_000, annotators: ['A1'], annotatorIds: ['usr_1'] },
      ...{ importIds: ['imp_1'], guidelineVersions: [1, 2], split: 'train', tags: { any: ['math'] } },
      ...{
        metadata: { level: '3' },
        flags: { none: ['spam'] },
        strength: { min: 1 },
        activeMs: { max: 9000 },
      },
      agreement: { min: 0.5 },
    };
    expect(Object.keys(full).sort()).toEqual(Object.keys(snapshotConditions).sort());
    expect(describeQuery(snapshotQuerySchema.parse(full), () => 'pairs.jsonl')).toEqual([
      'judgments of people',
      'from 1970-01-01 00:00 UTC',
      'up to 1970-01-01 00:01 UTC',
      'by A1',
      'by one person',
      'out of pairs.jsonl',
      'under guideline version 1 or 2',
      'prompts of the training side',
      'tagged math',
      'with level = 3',
      'not flagged spam',
      'strength 1 or more',
      '9 or less s at the task',
      'agreement 50 or more %',
    ]);
    for (const wrong of [
      { source: ['annotator'] },
      { tags: {} },
      { tags: { any: [] } },
      { strength: { min: 3, max: 1 } },
      { flags: { any: ['rude'] } },
      { metadata: {} },
      { agreement: { min: 50 } },
    ])
      expect(snapshotQuerySchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  });

  it('keeps what every condition says, alone and together, and the preview says the same before', async () => {
    const world = await createVariedWorld();
    const { agreed, disagreed, flagged, corrected, slow, later, imported } = world;
    const judged = [agreed, disagreed, flagged, slow].map(({ judgmentId }) => judgmentId);
    const own = [...judged, corrected];
    const cases: [name: string, query: SnapshotQueryInput, kept: string[] | number, reasons: object][] = [
      ['all', {}, 7, { superseded: 1, 'not-rankable': 1 }],
      ['source', { sources: ['simulated'] }, [slow.judgmentId], { source: 8 }],
      ['since', { since: later }, 3, { 'before-since': 6 }],
      ['until', { until: later - 1 }, own.filter((id) => id !== slow.judgmentId), { 'after-until': 3 }],
      ['person', { annotators: ['B1'] }, [disagreed.judgmentId, slow.judgmentId], { annotator: 7 }],
      ['person of a file', { annotators: ['rater 7'] }, 1, { annotator: 8 }],
      ['import', { importIds: [imported.importId] }, 2, { import: 7 }],
      ['guideline', { guidelineVersions: [1] }, [slow.judgmentId], { guideline: 8 }],
      ['split', { split: 'heldout', sources: ['annotator'] }, [flagged.judgmentId], {}],
      ['tags', { tags: { any: ['math', 'nothing'] } }, 3, { tags: 6 }],
      ['tags, none of', { tags: { none: ['math', 'poetry'] } }, 3, { tags: 4 }],
      ['metadata', { metadata: { level: '3' } }, 3, { metadata: 6 }],
      ['metadata, all of', { metadata: { level: '3', isNew: 'true' } }, 2, { metadata: 7 }],
      ['flags', { flags: { any: ['spam'] } }, [flagged.judgmentId], { flags: 8 }],
      ['flags, none of', { flags: { none: ['spam'] } }, 6, { flags: 1 }],
      ['strength', { strength: { min: 2, max: 3 } }, 4, { strength: 4 }],
      ['time', { activeMs: { min: 30_000 } }, [slow.judgmentId], { 'active-time': 8 }],
      ['agreement', { agreement: { min: 0.5 } }, 0, { agreement: 2, 'judged-once': 5 }],
      [
        'disagreement',
        { agreement: { max: 0 } },
        [agreed.judgmentId, disagreed.judgmentId],
        { 'judged-once': 5, superseded: 1 },
      ],
      [
        'several',
        { annotators: ['A3'], tags: { any: ['math'] }, strength: { min: 1 } },
        [agreed.judgmentId],
        { annotator: 4, tags: 4 },
      ],
    ];
    for (const [name, query, kept, reasons] of cases) {
      const preview = await world.preview(query);
      const count = typeof kept === 'number' ? kept : kept.length;
      expect([name, preview.kept], name).toEqual([name, count]);
      expect(preview.dropped, name).toMatchObject(reasons);
      const sum = Object.values(preview.dropped).reduce((all, n) => all + n, preview.kept);
      expect([preview.looked, sum, preview.cursor], name).toEqual([9, 9, null]);
      if (count === 0) {
        await expect(world.make(query)).rejects.toThrow(/keeps no judgment; left out: .*judged-once/);
        continue;
      }
      const snapshot = await world.make(query);
      expect(snapshot.counts, name).toEqual({
        kept: preview.kept,
        dropped: preview.dropped,
        bySource: preview.bySource,
      });
      if (typeof kept !== 'number') expect(world.membersOf(snapshot.snapshotId), name).toEqual(kept.sort());
      const folder = path.join(world.dataFolder, 'snapshots', snapshot.snapshotId);
      const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as {
        query: Record<string, unknown>;
      };
      expect(manifest.query, name).toMatchObject({
        ...query,
        annotators: query.annotators ?? null,
        sources: query.sources ?? ['annotator', 'imported', 'simulated'],
      });
    }
  });

  it('asks for a part at a time, and parts agree whatever comes meanwhile', async () => {
    const world = createWorld();
    await importRows(
      world,
      Array.from({ length: 1203 }, (_, n) => ({ prompt: `Q${n}`, chosen: 'a', rejected: 'b' })),
    );
    world.advance(1000);
    const { projectId, ctx } = world;
    const parts = [];
    let cursor: string | null = null;
    const { until } = await world.preview();
    do {
      const input = previewSnapshotInput.parse({ projectId, until, cursor });
      const part = await previewSnapshot({ ctx, input });
      parts.push(part);
      cursor = part.cursor;
      world.addTask();
      world.judge(world.userIds.annotator);
    } while (cursor !== null);
    expect(parts.reduce((sum, { kept }) => sum + kept, 0)).toBe(1203);
  });
});

describe('comparing snapshots', () => {
  it('names why a judgment is in one alone: newer, corrected, another filter', async () => {
    const world = createWorld();
    const { userIds, projectId, ctx } = world;
    const other = world.addAnnotator();
    world.addTask();
    const stays = world.judge(userIds.annotator);
    world.addTask();
    const first = world.judge(userIds.annotator);
    world.addTask();
    const byOther = world.judge(other);
    const early = await world.make();
    world.advance(1000);
    const correction = world.revise(userIds.annotator, first, { rationale: 'second thoughts' });
    world.addTask();
    const newer = world.judge(userIds.annotator);
    const late = await world.make({ annotators: ['A3'] });
    const difference = await compareSnapshots({
      ctx,
      input: { projectId, snapshotId: early.snapshotId, otherId: late.snapshotId },
    });
    expect(difference).toEqual({
      both: 1,
      onlyInFirst: expect.arrayContaining([
        { reason: 'superseded', judgments: 1, ids: [first.judgmentId] },
        { reason: 'annotator', judgments: 1, ids: [byOther.judgmentId] },
      ]),
      onlyInOther: [{ reason: 'after-until', judgments: 2, ids: [correction, newer.judgmentId].sort() }],
      cursor: null,
    });
    expect(world.membersOf(late.snapshotId)).toContain(stays.judgmentId);
    // a snapshot as versions before 0.12 kept it
    world.db
      .update(snapshots)
      .set({
        query: {
          ...getSnapshotInProject(ctx, { projectId, snapshotId: late.snapshotId }).query,
          annotators: undefined,
          annotatorIds: [userIds.annotator],
        },
      })
      .where(eq(snapshots.id, late.snapshotId))
      .run();
    const legacy = await compareSnapshots({
      ctx,
      input: { projectId, snapshotId: early.snapshotId, otherId: late.snapshotId },
    });
    expect(legacy).toEqual(difference);
  });
});

describe('the raw export', () => {
  it('holds what does not count, marked, and comes back as what it was', async () => {
    const world = createWorld();
    const { userIds, ctx, projectId } = world;
    world.addTask();
    const first = world.judge(userIds.annotator);
    // once with the same answer, once with another
    const second = world.revise(userIds.annotator, first, { rationale: 'the same, with a reason' });
    const third = world.revise(
      userIds.annotator,
      { ...first, judgmentId: second },
      {
        ranking: [...first.answer.ranking].reverse(),
        strength: null,
      },
    );
    world.addTask();
    const refused = world.judge(userIds.annotator, { ranking: [], strength: null, notRankable: true });
    const { snapshotId, counts } = await world.make();
    expect((await verifyDatabase(world.db)).broken).toBeNull();
    expect(counts).toMatchObject({ kept: 1, dropped: { superseded: 2, 'not-rankable': 1 } });
    const rawOf = async (of: { ctx: Ctx; projectId: string }, id: string) => {
      serial += 1;
      const folder = path.join(root, `raw-${serial}`);
      const snapshot = getSnapshotInProject(of.ctx, { projectId: of.projectId, snapshotId: id });
      const { rows } = await writeExport(of.ctx, snapshot, { format: 'raw', folder });
      const lines = readFileSync(path.join(folder, 'raw.jsonl'), 'utf8').trim().split('\n');
      expect(rows).toBe(lines.length);
      return lines.map((line) => JSON.parse(line) as RawRow);
    };
    const rows = await rawOf(world, snapshotId);
    expect(rows.map((row) => [row.judgment_id, row.left_out])).toEqual([
      [third, undefined],
      [first.judgmentId, 'superseded'],
      [second, 'superseded'],
      [refused.judgmentId, 'not-rankable'],
    ]);

    const away = createWorld();
    away.advance(3_600_000);
    const taken = await importRows(away, rows, 'raw');
    expect(taken).toMatchObject({ accepted: 4, duplicates: 0, rejected: {} });
    away.advance(1000);
    const again = await away.make();
    expect(again.counts).toMatchObject({ kept: 1, dropped: { superseded: 2, 'not-rankable': 1 } });
    const said = (row: RawRow) => {
      const texts = new Map(row.responses.map(({ response_id, text }) => [response_id, text]));
      const { strength, tie_kind, not_rankable, rationale, submitted_at, active_ms, left_out } = row;
      const ranking = row.ranking.map((group) => group.map((id) => texts.get(id)));
      const annotator = row.annotator_pseudonym;
      return canonicalJson({
        ...{ strength, tie_kind, not_rankable, rationale, submitted_at, active_ms, ranking, annotator },
        left_out: left_out ?? null,
      });
    };
    expect((await rawOf(away, again.snapshotId)).map(said).sort()).toEqual(rows.map(said).sort());
    // here already, both where it came from and where it went
    expect(await importRows(away, rows, 'raw')).toMatchObject({ accepted: 0, duplicates: 4 });
    expect(await importRows({ ctx, projectId }, rows, 'raw')).toMatchObject({ accepted: 0, duplicates: 4 });
  });
});
