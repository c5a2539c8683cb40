import { EVIDENCE } from '../../db/audit/evidence.ts';
import type { Db } from '../../db/client.ts';

/** The table that is looked at, and rows looked at of all that will be; a row that is looked at twice counts twice. */
export type Progress = (doing: string, done: number, total: number) => void;

/** Adds up what was done. */
export type Meter = (doing: string, rows: number) => void;

const OF_CONTENTS = ['judgments', 'prompts', 'responses'];

/** Begins to count; `total` comes from the largest row numbers, which are found at once. */
export function startMeter(db: Db, onProgress: Progress): Meter {
  const rowsIn = (table: string) =>
    (db.$client.prepare(`select max(rowid) from "${table}"`).pluck().get() as number | null) ?? 0;
  const sum = (tables: readonly string[]) => tables.reduce((total, table) => total + rowsIn(table), 0);
  // audit_rows has no row numbers: its lines are about as many as the rows that they vouch for
  const total = sum(['audit_log']) + 2 * sum(EVIDENCE.map(({ table }) => table)) + sum(OF_CONTENTS);
  let done = 0;
  return (doing, rows) => {
    done += rows;
    onProgress(doing, Math.min(done, total), total);
  };
}
