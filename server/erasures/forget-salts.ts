import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';

const BATCH = 500;

/**
 * Takes the salts away from the digests of what rows said before they were erased: without them nobody can try texts against the
 * digests. The latest line of a row keeps its own, since the row as it is now is checked by it. Salts are in no digest, so the chain
 * stays as it is.
 */
export async function forgetSalts(ctx: Ctx, keys: readonly { table: string; key: string }[]): Promise<void> {
  const forget = ctx.db.$client.prepare(
    `update audit_rows set salt = null where table_name = @table and row_key = @key and salt is not null
     and seq < (select max(seq) from audit_rows where table_name = @table and row_key = @key)`,
  );
  for (let from = 0; from < keys.length; from += BATCH) {
    await writeWhenUnlocked(ctx.db, () => {
      for (const key of keys.slice(from, from + BATCH)) forget.run(key);
    });
  }
}
