import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { addThreeJudgments } from '../audit/testing.ts';
import { createLabelingWorld } from '../tasks/testing.ts';
import { collectFindings } from './findings.ts';
import { verifyChain } from './verify-chain.ts';
import { verifyContents } from './verify-contents.ts';
import { verifyDatabase } from './verify-data-folder.ts';

let db: Db;

beforeEach(() => {
  const world = createLabelingWorld();
  addThreeJudgments(world);
  db = world.db;
});

const ids = (table: string) =>
  (db.$client.prepare(`select id from ${table} order by id`).all() as { id: string }[]).map(({ id }) => id);

/** Names of the rows that differ, by the whole check. */
const found = async () => (await verifyDatabase(db)).findings.map(({ where }) => where);

describe('verifyContents', () => {
  it('finds untouched tables intact and counts them', async () => {
    const findings = collectFindings();
    const counts = await verifyContents(db, findings, { isCovered: true });
    expect(counts).toEqual({ judgments: 3, prompts: 3, responses: 6 });
    expect(findings.list).toEqual([]);
  });

  it.each([
    "ranking = replace(ranking, 'rsp', 'rsq')",
    'strength = -2',
    "flags = '{}'",
    "rationale = rationale || '.'",
    'submitted_at = submitted_at + 1',
    "source = 'simulated'",
    'annotator_id = (select id from users where id <> annotator_id limit 1)',
    'event_hash = (select hash from audit_log limit 1)',
  ])('names the judgment after `set %s`', async (change) => {
    const victim = ids('judgments')[1];
    db.$client.prepare(`update judgments set ${change} where id = ?`).run(victim);
    expect((await found()).join()).toContain(victim);
    // the log by itself is intact: only the comparison finds this
    const chain = collectFindings();
    await verifyChain(db, chain);
    expect(chain.list).toEqual([]);
  });

  it('notices a judgment taken out', async () => {
    const victim = ids('judgments')[1];
    db.$client.prepare('delete from judgments where id = ?').run(victim);
    expect((await verifyDatabase(db)).broken).toMatchObject({
      kind: 'row-removed',
      where: `judgments ${victim}`,
    });
    // a log without digests of rows, as before 0.7.0, counts
    const findings = collectFindings();
    await verifyContents(db, findings, { isCovered: false });
    expect(findings.list).toEqual([
      { kind: 'row-removed', where: 'table judgments', problem: '2 rows, but the audit log recorded 3' },
    ]);
  });

  it('names the prompt and the response whose text was changed', async () => {
    const prompt = ids('prompts')[2];
    const response = ids('responses')[0];
    db.$client.prepare("update responses set content = content || ' ' where id = ?").run(response);
    expect(await found()).toContain(`response ${response}`);
    db.$client.prepare("update prompts set messages = replace(messages, 'Q', 'q') where id = ?").run(prompt);
    expect(await found()).toContain(`prompt ${prompt}`);
  });
});
