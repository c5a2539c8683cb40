import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { ERASED_TEXT, type Erasure } from './internal.ts';
import type { Needles } from './needles.ts';
import { recordBatch } from './record-batch.ts';

const PAGE = 500;

/** A table whose rows may quote a text that came by: which column, what stands there afterwards, and whose digest it enters. */
type Quoting = { table: string; of: string; column: string; becomes: string; parent: string };

const QUOTING: readonly Quoting[] = [
  { table: 'import_rejects', of: 'import_id', column: 'raw', becomes: ERASED_TEXT, parent: 'imports' },
  { table: 'import_rejects', of: 'import_id', column: 'detail', becomes: ERASED_TEXT, parent: 'imports' },
  {
    ...{ table: 'run_samples', of: 'run_id', column: 'sample', parent: 'runs' },
    becomes: JSON.stringify({ prompt: ERASED_TEXT, response: ERASED_TEXT, figures: {} }),
  },
  {
    ...{ table: 'run_events', of: 'run_id', column: 'payload', parent: 'runs' },
    becomes: JSON.stringify({ message: ERASED_TEXT }),
  },
];

/**
 * Blanks every row of a project that quotes one of the texts beside the place where it belongs: rows that an import did not take,
 * samples and events of runs.
 */
export async function scrubQuotes(
  ctx: Ctx,
  { erasure, projectId, needles }: { erasure: Erasure; projectId: string; needles: Needles },
): Promise<void> {
  for (const { table, of, column, becomes, parent } of QUOTING) {
    const client = ctx.db.$client;
    const page = client.prepare(
      `select q.id, q."${of}" as owner, q."${column}" as text from "${table}" q join "${parent}" p on p.id = q."${of}"
       where p.project_id = ? and q.id > ? order by q.id limit ${PAGE}`,
    );
    const blank = client.prepare(`update "${table}" set "${column}" = ? where id = ?`);
    let last = 0;
    for (;;) {
      const found = page.all(projectId, last) as { id: number; owner: string; text: string }[];
      const quoting = found.filter(({ text }) => text !== becomes && needles.isIn(text));
      if (quoting.length > 0) {
        await writeWhenUnlocked(ctx.db, () => {
          for (const { id } of quoting) blank.run(becomes, id);
          const owners = [...new Set(quoting.map(({ owner }) => owner))];
          const keys = owners.map((key) => ({ table, key }));
          recordBatch(ctx, erasure, { keys, table, rows: quoting.length });
        });
      }
      const end = found.at(-1);
      if (!end) break;
      last = end.id;
      await nextTurn();
    }
  }
}
