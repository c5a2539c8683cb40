/**
 * npm run prove -- --judgment <id> [--data <folder>] [--out <file>]
 * npm run prove -- --public-key [--data <folder>] [--out <file>]
 *
 * Writes a proof that a judgment is in the audit log under a signed head, as JSON, or the public key that heads are signed with, as PEM;
 * to standard output without --out. npm run verify -- --proof <file> --public-key <file> checks a proof without the database.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { publicKeyOf } from '../../db/audit/heads.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { proveJudgment } from '../audit/prove-judgment.ts';
import type { Ctx } from '../context.ts';
import { readEnv } from '../env.ts';
import { openExisting } from './open-existing.ts';
import { readOptions, UsageError } from './options.ts';
import { runCommand } from './run-command.ts';

await runCommand('prove', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    judgment: { type: 'string', expected: 'id of a judgment' },
    'public-key': { type: 'boolean', expected: '' },
    data: { type: 'string', expected: 'data folder' },
    out: { type: 'string', expected: 'file to write' },
  });
  const { judgment: judgmentId, 'public-key': wantsKey, data, out } = options;
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}": expected options only`);
  if ((judgmentId === undefined) === (wantsKey === undefined))
    throw new UsageError('expected either --judgment <id> or --public-key');
  const ctx = openExisting(data ?? readEnv().PLUMBLINE_DATA);
  const text = judgmentId === undefined ? publicKeyOf(ctx.db.$client) : await proofText(ctx, judgmentId);
  if (out === undefined) process.stdout.write(text ?? '');
  else writeFileSync(path.resolve(out), text ?? '');
  return 0;
});

async function proofText(ctx: Ctx, judgmentId: string): Promise<string> {
  const ofJudgment = eq(judgments.id, judgmentId);
  const found = ctx.db.select({ projectId: judgments.projectId }).from(judgments).where(ofJudgment).get();
  if (!found) throw new UsageError(`--judgment "${judgmentId}": no such judgment in this data folder`);
  const proof = await proveJudgment({ ctx, input: { ...found, judgmentId } });
  return `${JSON.stringify(proof, null, 1)}\n`;
}
