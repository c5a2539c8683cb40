import { initTRPC, TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { z } from 'zod';
import { inputText } from '../lib/well-formed.ts';
import { logAuditorRead } from './audit/log-auditor-read.ts';
import { requireScope } from './auth/require-scope.ts';
import { type Ctx, requireInstanceOwner, requirePermission, requireUser } from './context.ts';
import { DomainError, type ErrorCode } from './errors.ts';
import type { RateClass } from './limits/rate-classes.ts';
import { takeToken } from './limits/take-token.ts';
import { log } from './log.ts';
import type { Permission } from './permissions.ts';
import { storageProblem } from './storage/storage-problem.ts';
import { afterOtherWriters, isLocked, LOCK_PATIENCE_MS, untilUnlocked } from './storage/write-lock.ts';

const TRPC_CODE = {
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  'not-found': 'NOT_FOUND',
  invalid: 'BAD_REQUEST',
  conflict: 'CONFLICT',
  expired: 'PRECONDITION_FAILED',
  'too-many-requests': 'TOO_MANY_REQUESTS',
  'too-large': 'PAYLOAD_TOO_LARGE',
  unavailable: 'SERVICE_UNAVAILABLE',
} as const satisfies Record<ErrorCode, TRPCError['code']>;

/** `access` is what the permission test reads, `rate` how often it may be called: every procedure carries both. */
type Meta = {
  access: Permission | 'public' | 'signed-in' | 'session' | 'instance-owner';
  rate: RateClass;
};

const t = initTRPC
  .context<Ctx>()
  .meta<Meta>()
  .create({
    // proxies cut silent connections: a subscription says something every 15 s, and the client reconnects after 45 s of silence
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 45_000 } },
    errorFormatter({ shape, error }) {
      const domain = error.cause instanceof DomainError ? error.cause.code : null;
      const isInputError = error.code === 'BAD_REQUEST' && error.cause instanceof z.ZodError;
      return {
        ...shape,
        message:
          domain !== null || isInputError || error.code !== 'INTERNAL_SERVER_ERROR'
            ? shape.message
            : 'Something went wrong on the server; it has been logged.',
        data: { ...shape.data, stack: undefined, domainCode: domain },
      };
    },
  });

/** Domain errors become tRPC errors here and nowhere else; what the disk or the database file is to blame for becomes one in words. */
const mapErrors = t.middleware(async ({ next, path }) => {
  const result = await next();
  if (result.ok) return result;
  const cause = inWords(result.error.cause, path);
  if (cause === null) return result;
  throw new TRPCError({ code: TRPC_CODE[cause.code], message: cause.message, cause });
});

function inWords(error: unknown, path: string): DomainError | null {
  if (error instanceof DomainError) return error;
  const problem = storageProblem(error);
  if (problem === null) return null;
  log().error({ path, err: error }, 'the disk or the database refuses');
  return new DomainError('unavailable', problem.message, { cause: error });
}

/**
 * A verb that found the write lock taken has done nothing and is called again when it is free, without blocking the process
 * meanwhile; what only reads never gets here. After a while the answer is `unavailable`, and the page tries again.
 */
const waitForWriters = t.middleware(async ({ ctx, type, next }) => {
  if (type === 'subscription') return next();
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  if (type === 'mutation') await afterOtherWriters(ctx.db, deadline);
  for (;;) {
    const result = await next();
    if (result.ok || !isLocked(result.error.cause)) return result;
    await untilUnlocked(ctx.db, deadline);
  }
});

const checkScope = t.middleware(({ ctx, type, next }) => {
  requireScope(ctx, type === 'mutation' ? 'write' : 'read');
  return next();
});

/** Counted before anything is looked at, once however often the write lock makes a verb begin anew. */
const base = (rate: RateClass) =>
  t.procedure
    .use(mapErrors)
    .use(({ ctx, next }) => {
      takeToken(ctx, rate, Date.now());
      return next();
    })
    .use(waitForWriters)
    .use(checkScope);

/** The HTTP status of a domain error, for routes beside tRPC. */
export function httpStatus(error: DomainError): number {
  return getHTTPStatusCodeFromError(new TRPCError({ code: TRPC_CODE[error.code] }));
}

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

export const publicProcedure = (rate: RateClass) => base(rate).meta({ access: 'public', rate });

export const signedInProcedure = (rate: RateClass) =>
  base(rate)
    .meta({ access: 'signed-in', rate })
    .use(({ ctx, next }) => {
      requireUser(ctx);
      return next();
    });

/** For a person at the pages, never for an API token: passwords, tokens, who may come in. */
export const sessionProcedure = (rate: RateClass) =>
  base(rate)
    .meta({ access: 'session', rate })
    .use(({ ctx, next }) => {
      requireUser(ctx);
      refuseToken(ctx);
      return next();
    });

export const instanceOwnerProcedure = (rate: RateClass) =>
  base(rate)
    .meta({ access: 'instance-owner', rate })
    .use(({ ctx, next }) => {
      requireUser(ctx);
      refuseToken(ctx);
      requireInstanceOwner(ctx);
      return next();
    });

function refuseToken(ctx: Ctx): void {
  if (ctx.actor.type === 'user' && ctx.actor.token) {
    throw new DomainError('forbidden', 'An API token may not do this: sign in on the pages.');
  }
}

/** A procedure inside a project: its input has `projectId`, and the caller's role there must hold the permission. */
export const projectProcedure = (permission: Permission, rate: RateClass) =>
  base(rate)
    .meta({ access: permission, rate })
    .use(({ ctx, next }) => {
      requireUser(ctx);
      return next();
    })
    .input(z.object({ projectId: inputText().max(64) }))
    .use(async ({ ctx, input, path, next }) => {
      requirePermission(ctx, input.projectId, permission);
      const result = await next();
      if (result.ok) logAuditorRead(ctx, { projectId: input.projectId, permission, path });
      return result;
    });
