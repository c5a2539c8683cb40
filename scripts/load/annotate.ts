import { setTimeout as sleep } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { Receipt } from '../../server/judgments/schemas.ts';
import { LabelClient } from './label-client.ts';

/** Seconds that an annotator looks at a task: this much on average, half of it at least. */
const THINK_SECONDS = 6;

export type Annotation = {
  /** ms of each answered request, by procedure */
  durations: Record<string, number[]>;
  acknowledged: { receipt: Receipt; userId: string; idempotencyKey: string }[];
  /** seats that two people were given */
  doubleGiven: string[];
  numRetries: number;
};

/**
 * Lets annotators work until `endAt` (UTC ms), each claiming, thinking, answering; an answer in twenty is sent twice at once,
 * as after a lost connection.
 */
export async function annotate(
  address: string,
  projectId: string,
  annotators: readonly { userId: string; token: string }[],
  endAt: number,
): Promise<Annotation> {
  const done: Annotation = { durations: {}, acknowledged: [], doubleGiven: [], numRetries: 0 };
  const givenTo = new Map<string, string>();
  const startedAt = Date.now();
  const work = async ({ userId, token }: { userId: string; token: string }, index: number) => {
    const client = new LabelClient({
      ...{ address, token, projectId },
      onTimed: (procedure, ms) => {
        done.durations[procedure] ??= [];
        done.durations[procedure].push(ms);
      },
    });
    await sleep(Math.random() * THINK_SECONDS * 1000);
    for (let turn = 0; Date.now() < endAt; turn++) {
      const { task } = await client.claim([]);
      if (task === null) {
        await sleep(1000);
        continue;
      }
      const holder = givenTo.get(task.seatId);
      if (holder !== undefined && holder !== userId) done.doubleGiven.push(task.seatId);
      givenTo.set(task.seatId, userId);
      await sleep((0.5 + Math.random()) * THINK_SECONDS * 1000);
      const idempotencyKey = `load-${startedAt}-${index}-${turn}`;
      const ids = task.responses.map(({ id }) => id);
      const input = {
        ...{ seatId: task.seatId, leaseToken: task.leaseToken, idempotencyKey },
        ...{
          ranking: ids.map((id) => [id]),
          strength: ids.length === 2 ? -1 : null,
          tieKind: 'none' as const,
        },
        ...{ notRankable: false, flags: {}, rationale: '', firstInteractionAt: null, activeMs: 100 },
        inputKind: 'api' as const,
      };
      const [receipt, second] = await Promise.all([
        client.record(input),
        Math.random() < 0.05 ? client.record(input) : undefined,
      ]);
      if (second && second.judgmentId !== receipt.judgmentId) done.doubleGiven.push(task.seatId);
      done.acknowledged.push({ receipt, userId, idempotencyKey });
    }
    done.numRetries += client.numRetries;
  };
  await Promise.all(annotators.map(work));
  return done;
}

/** Acknowledged judgments that are not there, and seats or people's tasks that have more than one. */
export function lostAndDoubled(
  db: Database.Database,
  { acknowledged, doubleGiven }: Annotation,
): { lost: number; doubled: number } {
  const find = db.prepare('select annotator_id, idempotency_key from judgments where id = ?');
  const again = db.prepare(
    `select count(*) n from judgments j join judgments o on o.task_id = j.task_id
       and o.annotator_id = j.annotator_id and o.revision = 1 where j.id = ? and j.revision = 1`,
  );
  let [lost, doubled] = [0, doubleGiven.length];
  for (const { receipt, userId, idempotencyKey } of acknowledged) {
    const row = find.get(receipt.judgmentId) as { annotator_id: string; idempotency_key: string } | undefined;
    if (row?.annotator_id !== userId || row.idempotency_key !== idempotencyKey) lost += 1;
    if ((again.get(receipt.judgmentId) as { n: number }).n > 1) doubled += 1;
  }
  return { lost, doubled };
}
