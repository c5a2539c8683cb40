import { type TRPCClient, TRPCClientError } from '@trpc/client';
import type { Answer, Receipt } from '@/server/judgments/schemas.ts';
import type { AppRouter } from '@/server/root.ts';
import { type Claim, type ClaimedTask, MAX_HOLDING, type Progress } from '@/server/tasks/schemas.ts';

type Lease = { seatId: string; leaseToken: string };

/** What the label page asks of the server, for one project. */
export type LabelApi = {
  claim: (holding: string[]) => Promise<Claim>;
  renew: (lease: Lease) => Promise<{ leaseExpiresAt: number }>;
  /** goes out at once, also from a page that is being closed */
  releaseAll: (leases: Lease[]) => Promise<unknown>;
  progress: () => Promise<Progress>;
  skip: (lease: Lease & { reason: string }) => Promise<unknown>;
  reclaim: (seatId: string) => Promise<{ task: ClaimedTask }>;
  record: (input: Lease & Answer & { idempotencyKey: string }) => Promise<Receipt>;
  revise: (input: Answer & { judgmentId: string; idempotencyKey: string }) => Promise<Receipt>;
};

/** What somebody reads who was taken out of the project while the page was open. */
export const NOT_A_MEMBER = 'You are no longer a member of this project.';

/** A request that hangs is a lost one: it is tried again with the same key. */
const PATIENCE_MS = 20_000;

export function labelApi(client: TRPCClient<AppRouter>, projectId: string): LabelApi {
  const patience = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });
  const progress = () => client.tasks.progress.query({ projectId }, patience());
  /**
   * Strangers are told that there is no such project, and so is somebody who was taken out of it while this page was open. Only
   * then is how far the person is not found either.
   */
  async function asMember<Output>(call: Promise<Output>): Promise<Output> {
    try {
      return await call;
    } catch (error) {
      if (isNotFound(error) && (await progress().then(() => false, isNotFound)))
        throw new NotAMember(NOT_A_MEMBER, { cause: error });
      throw error;
    }
  }
  return {
    claim: (holding) =>
      asMember(client.tasks.claim.mutate({ projectId, holding: holding.slice(0, MAX_HOLDING) }, patience())),
    renew: (lease) => asMember(client.tasks.renew.mutate({ projectId, ...lease }, patience())),
    // not by the client: it gathers calls for a moment, and a closing page has none
    releaseAll: (leases) =>
      fetch('/api/trpc/tasks.releaseAll', {
        method: 'POST',
        keepalive: true,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ projectId, leases }),
      }),
    progress: () => asMember(progress()),
    skip: (lease) => asMember(client.tasks.skip.mutate({ projectId, ...lease }, patience())),
    reclaim: (seatId) => asMember(client.tasks.reclaim.mutate({ projectId, seatId }, patience())),
    record: (input) => asMember(client.judgments.record.mutate({ projectId, ...input }, patience())),
    revise: (input) => asMember(client.judgments.revise.mutate({ projectId, ...input }, patience())),
  };
}

class NotAMember extends Error {}

const isNotFound = (error: unknown) => failureOf(error).code === 'not-found';

export type Failure = {
  /** unreached: try again later; refused: the server understood and said no */
  kind: 'unreached' | 'refused';
  code: string | null;
  message: string;
};

/** Network trouble, an overloaded or restarting server and a session that ran out pass; everything else is an answer. */
export function failureOf(error: unknown): Failure {
  if (error instanceof NotAMember) return { kind: 'refused', code: 'not-found', message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof TRPCClientError) || !error.data)
    return { kind: 'unreached', code: null, message: 'The server cannot be reached.' };
  const { httpStatus, domainCode } = error.data as { httpStatus?: number; domainCode?: string | null };
  const status = httpStatus ?? 500;
  const passes = status >= 500 || status === 429 || status === 408 || status === 401;
  const shown =
    status === 401 ? 'You are signed out: sign in again in another tab, this page goes on then.' : message;
  return { kind: passes ? 'unreached' : 'refused', code: domainCode ?? null, message: shown };
}
