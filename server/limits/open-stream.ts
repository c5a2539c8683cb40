import { type Ctx, requireUser } from '../context.ts';
import { readEnv } from '../env.ts';
import { DomainError } from '../errors.ts';

// on globalThis, because pages and routes are bundles of their own in one process
const kept = globalThis as typeof globalThis & { plumblineStreams?: Map<string, number> };
kept.plumblineStreams ??= new Map();
const streams = kept.plumblineStreams;

/**
 * Takes one of the places for answers that stay open; the function it gives back frees it. Throws `too-many-requests` when the
 * person, or everybody together, has as many open as the settings allow.
 */
export function openStream(ctx: Pick<Ctx, 'actor'>): () => void {
  const userId = requireUser(ctx);
  const { PLUMBLINE_STREAMS_PER_PERSON, PLUMBLINE_STREAMS } = readEnv();
  const mine = streams.get(userId) ?? 0;
  const all = [...streams.values()].reduce((sum, n) => sum + n, 0);
  if (mine >= PLUMBLINE_STREAMS_PER_PERSON) {
    throw new DomainError(
      'too-many-requests',
      `You follow runs on ${mine} pages or scripts at the same time, which is the limit. Close one of them.`,
      { retryAfterSeconds: 10 },
    );
  }
  if (all >= PLUMBLINE_STREAMS) {
    throw new DomainError(
      'too-many-requests',
      `${all} pages follow runs at the same time, which is the limit of this installation. Try again later.`,
      { retryAfterSeconds: 30 },
    );
  }
  streams.set(userId, mine + 1);
  let isOpen = true;
  return () => {
    if (!isOpen) return;
    isOpen = false;
    const left = (streams.get(userId) ?? 1) - 1;
    if (left === 0) streams.delete(userId);
    else streams.set(userId, left);
  };
}
