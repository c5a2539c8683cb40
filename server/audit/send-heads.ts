import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asc, gt } from 'drizzle-orm';
import type { Logger } from 'pino';
import { z } from 'zod';
import { publicKeyOf } from '../../db/audit/heads.ts';
import type { Db } from '../../db/client.ts';
import { auditHeads } from '../../db/schema/audit-heads.ts';

/** the number of the last head that the webhook has taken */
const SENT_FILE = 'heads-sent.json';
const MAX_HEADS = 100;
const TIMEOUT_MS = 10_000;
const POLL_MS = 5000;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 10 * 60_000;

const sentSchema = z.object({ seq: z.int().min(0) });

/**
 * Sends every signed head to an address that the operator names, in order, a hundred in one POST at most, until `signal` is aborted: what
 * it took is kept elsewhere, where whoever has the data folder cannot change it. It has taken them when it answers 2xx; anything else is
 * tried again after a while, for ever. Redirects are not followed, and nothing of an answer is read but its status. The address may
 * hold a secret: it is never logged.
 */
export async function sendHeads({
  db,
  dataFolder,
  url,
  signal,
  log,
  pollMs = POLL_MS,
  firstPauseMs = FIRST_PAUSE_MS,
}: {
  db: Db;
  dataFolder: string;
  url: string;
  signal: AbortSignal;
  log: Logger;
  pollMs?: number;
  firstPauseMs?: number;
}): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let pauseMs = pollMs;
    try {
      const heads = headsAfter(db, readSent(dataFolder));
      const last = heads.at(-1);
      if (last) {
        await post(url, { plumbline: 'heads/1', heads, public_key: publicKeyOf(db.$client) }, signal);
        writeSent(dataFolder, last.seq);
        // there may be more of them
        pauseMs = heads.length < MAX_HEADS ? pollMs : 0;
      }
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      pauseMs = Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** (failures - 1));
      // fetch's own errors name the address
      const reason = error instanceof Refused ? error.message : 'no answer';
      log.warn({ reason, failures, retryInMs: pauseMs }, 'the webhook has not taken the signed heads');
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

class Refused extends Error {}

async function post(url: string, body: unknown, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Refused(`it answered ${response.status}`);
}

function headsAfter(db: Db, seq: number) {
  const later = db.select().from(auditHeads).where(gt(auditHeads.seq, seq));
  return later.orderBy(asc(auditHeads.seq)).limit(MAX_HEADS).all();
}

/** 0 before the first; also where the file was damaged: whoever gets a head twice has lost nothing. */
function readSent(dataFolder: string): number {
  try {
    return sentSchema.parse(JSON.parse(readFileSync(path.join(dataFolder, SENT_FILE), 'utf8'))).seq;
  } catch {
    return 0;
  }
}

function writeSent(dataFolder: string, seq: number): void {
  const temporary = path.join(dataFolder, `${SENT_FILE}.${process.pid}`);
  writeFileSync(temporary, `${JSON.stringify({ seq })}\n`, { mode: 0o600 });
  renameSync(temporary, path.join(dataFolder, SENT_FILE));
}
