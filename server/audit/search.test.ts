import { beforeEach, describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { createCaller } from '../root.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';
import { downloadAudit } from './download.ts';
import { addThreeJudgments } from './testing.ts';

let world: LabelingWorld;
beforeEach(() => {
  world = createLabelingWorld();
  addThreeJudgments(world);
});
const rows = () => world.db.select().from(auditLog).all();
const found = async (search: string, role: 'owner' | 'auditor' = 'auditor') => {
  const caller = createCaller(world.as(world.userIds[role]));
  const { records } = await caller.audit.list({ projectId: world.projectId, search, limit: 200 });
  return records.map((record) => record.seq).sort((a, b) => a - b);
};
const seqs = (wanted: (row: ReturnType<typeof rows>[number]) => boolean) =>
  rows()
    .filter((row) => row.projectId === world.projectId && wanted(row))
    .map((row) => row.seq);

describe('searching the audit log', () => {
  it('finds by number, hash and its beginning, id, action and person', async () => {
    const [record] = rows().filter((row) => row.action === 'judgments.record');
    if (!record) throw new Error('nothing recorded');
    expect(await found(`#${record.seq}`)).toEqual([record.seq]);
    expect(await found(record.hash)).toEqual([record.seq]);
    expect(await found(record.hash.slice(0, 12).toUpperCase())).toEqual([record.seq]);
    expect(await found(record.subject)).toEqual([record.seq]);
    expect(await found('judgments.')).toEqual(seqs((row) => row.action.startsWith('judgments.')));
    const byAnnotator = seqs((row) => row.actor === `user:${world.userIds.annotator}`);
    expect(byAnnotator.length).toBeGreaterThanOrEqual(3);
    expect(await found(world.userIds.annotator)).toEqual(byAnnotator);
    const members = await createCaller(world.as(world.userIds.owner)).projects.members({
      projectId: world.projectId,
    });
    const annotator = members.find((member) => member.userId === world.userIds.annotator);
    expect(await found(annotator?.pseudonym ?? '')).toEqual(byAnnotator);
    // names are for owners: an auditor who guesses one learns nothing
    expect(await found(annotator?.name ?? '', 'owner')).toEqual(byAnnotator);
    expect(await found(annotator?.name ?? '')).toEqual([]);
    expect(await found('%')).toEqual(await found(''));
    expect(await found('f'.repeat(64))).toEqual([]);
  });

  it('leaves out own looks at raw data when asked, and only those', async () => {
    const { projectId, userIds } = world;
    const auditor = createCaller(world.as(userIds.auditor));
    await auditor.judgments.list({ projectId });
    const list = async (hideOwnReads: boolean) =>
      (await auditor.audit.list({ projectId, hideOwnReads, limit: 200 })).records.map((row) => row.action);
    expect(await list(false)).toContain('audit.read');
    expect(await list(true)).not.toContain('audit.read');
    const asOwner = await createCaller(world.as(userIds.owner)).audit.list({
      projectId,
      hideOwnReads: true,
      limit: 200,
    });
    expect(asOwner.records.map((row) => row.action)).toContain('audit.read');
  });

  it('gives what is found as CSV and JSON lines, whole, and not to others', () => {
    const { projectId, userIds } = world;
    const input = { projectId, format: 'jsonl' as const, action: 'judgments.' };
    const text = [...downloadAudit({ ctx: world.as(userIds.auditor), input })].join('');
    const records = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; hash: string; previousHash: string });
    expect(records.map((record) => record.seq).reverse()).toEqual(
      seqs((row) => row.action.startsWith('judgments.')),
    );
    expect(records[0]?.previousHash).toHaveLength(64);
    const csv = [
      ...downloadAudit({ ctx: world.as(userIds.auditor), input: { ...input, format: 'csv' } }),
    ].join('');
    const lines = csv.trim().split('\r\n');
    expect(lines).toHaveLength(records.length + 1);
    // the payload is JSON: quoted, with its quotes doubled
    expect(lines[1]).toContain(',"{""');
    expect(() => [...downloadAudit({ ctx: world.as(userIds.researcher), input })]).toThrow(/audit.read/);
  });
});
