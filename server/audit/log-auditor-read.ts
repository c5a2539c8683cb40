import { type Ctx, roleIn } from '../context.ts';
import { log } from '../log.ts';
import type { Permission } from '../permissions.ts';
import { isLocked, whenUnlocked } from '../storage/write-lock.ts';
import { appendAudit } from './append.ts';

/** What shows single answers of people, or the texts they were given. */
const RAW_DATA: readonly Permission[] = ['data.read', 'judgments.read'];
const QUIET_MS = 15 * 60_000;
const MAX_KEPT = 10_000;
const PATIENCE_MS = 10 * 60_000;

/** when each auditor was last seen at each procedure; forgotten with the process, which only means one more record */
const lastLogged = new Map<string, number>();

/**
 * Notes in the audit log that an auditor read raw data: who, in which project, through which procedure; again only after a
 * quarter of an hour, so that turning pages does not drown the log. While another process writes, the read goes on and is noted
 * as soon as that has ended.
 */
export function logAuditorRead(
  ctx: Ctx,
  read: { projectId: string; permission: Permission; path: string },
): void {
  const { projectId, permission, path } = read;
  if (ctx.actor.type !== 'user' || !RAW_DATA.includes(permission) || roleIn(ctx, projectId) !== 'auditor')
    return;
  const key = `${ctx.actor.userId} ${projectId} ${path}`;
  const now = ctx.now();
  if (now - (lastLogged.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
  const write = () =>
    ctx.db.transaction(
      () =>
        appendAudit(ctx, {
          action: 'audit.read',
          subject: projectId,
          projectId,
          payload: { procedure: path },
        }),
      { behavior: 'immediate' },
    );
  try {
    write();
  } catch (error) {
    if (!isLocked(error)) throw error;
    whenUnlocked(ctx.db, write, { patienceMs: PATIENCE_MS }).catch((failure: unknown) => {
      lastLogged.delete(key);
      log().error({ err: failure, ...read }, 'a read by an auditor could not be noted');
    });
  }
  if (lastLogged.size >= MAX_KEPT) lastLogged.clear();
  lastLogged.set(key, now);
}
