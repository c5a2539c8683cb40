import { setImmediate } from 'node:timers/promises';
import type { Db } from '../../db/client.ts';
import { miscounts } from '../../db/counters.ts';
import type { Findings } from './findings.ts';

/** More than findings keep in words; the rest of a rule's rows is not looked for. */
const MAX_ROWS = 1001;

type Rule = { problem: string; sql: string };

/** What follows from rows that the log vouches for. Each statement gives the names of rows for which it does not. */
const RULES: readonly Rule[] = [
  {
    problem: 'is done, but its person has not judged its task',
    sql: `select 'seat ' || s.id from seats s where s.state = 'done' and not exists (
      select 1 from judgments j where j.task_id = s.task_id and j.annotator_id = s.annotator_id)`,
  },
  {
    problem: 'is judged, but no seat of its task is done by its person',
    sql: `select 'judgment ' || j.id from judgments j where j.annotator_id is not null and j.revision = 1
      and not exists (select 1 from seats s where s.task_id = j.task_id and s.annotator_id = j.annotator_id
        and s.state = 'done')`,
  },
  {
    problem: 'says another order than its judgment',
    sql: `select 'seat ' || s.id from seats s join judgments j on j.task_id = s.task_id
      and j.annotator_id = s.annotator_id and j.revision = 1
      where s.state = 'done' and s.shown_order is not j.shown_order`,
  },
  {
    problem: 'is open, yet somebody’s',
    sql: `select 'seat ' || id from seats where state = 'open' and (annotator_id is not null or shown_order is not null)`,
  },
  {
    problem: 'is leased to nobody',
    sql: `select 'seat ' || id from seats where state = 'leased' and annotator_id is null`,
  },
  {
    problem: 'has another step than the checkpoint that it left',
    sql: `select 'run ' || r.id from runs r join checkpoints c on c.id = r.result_checkpoint_id
      where r.status = 'succeeded' and r.step is not c.step`,
  },
  {
    problem: 'shows other responses than its task has',
    sql: `select 'seat ' || s.id from seats s where s.state = 'leased' and s.shown_order is not null and (
      not json_valid(s.shown_order) or
      (select group_concat(value) from (select value from json_each(s.shown_order) order by value)) is not
      (select group_concat(response_id) from (
        select response_id from task_responses r where r.task_id = s.task_id order by response_id)))`,
  },
];

/** Checks what is derived from rows that have digests: the states of seats, the numbers of rows. */
export async function verifyDerived(db: Db, findings: Findings): Promise<void> {
  const counts = miscounts().map((sql) => ({ problem: 'is not the number of rows', sql }));
  for (const { problem, sql } of [...RULES, ...counts]) {
    const names = db.$client.prepare(`${sql} limit ${MAX_ROWS}`).pluck().all() as string[];
    for (const name of names) findings.add('derived', name, problem);
    await setImmediate();
  }
}
