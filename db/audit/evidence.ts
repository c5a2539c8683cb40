import { getTableColumns, getTableName } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { chainExecutions, chainSteps } from '../schema/chains.ts';
import { erasures, withdrawals } from '../schema/erasures.ts';
import { importRejects, imports } from '../schema/imports.ts';
import { schedules } from '../schema/jobs.ts';
import { judgments } from '../schema/judgments.ts';
import { checkpoints, models, registrations } from '../schema/models.ts';
import { guidelines, invites, memberships, projects } from '../schema/projects.ts';
import { prompts, responses } from '../schema/prompts.ts';
import { runEvents, runMetrics, runSamples, runs } from '../schema/runs.ts';
import { snapshotExports, snapshotJudgments, snapshots } from '../schema/snapshots.ts';
import { seats, skips, taskResponses, tasks } from '../schema/tasks.ts';
import { accounts, apiTokens, recoveryCodes, sessions, users } from '../schema/users.ts';

/**
 * How a column is vouched for: by the digest that the audit record of its writing carries; by a rule that derives it from
 * what is (server/verify/verify-derived.ts); or not at all, with the reason why nothing is lost by that.
 */
export type Cover = 'digest' | { derived: string } | { notEvidence: string };

type Group = {
  parent: string;
  /** the order in which rows enter the digest */
  orderBy: string;
  /**
   * the group grows while its parent is at work, and gets its digest when that has one of these statuses, or none; null = at once
   */
  settled: readonly string[] | null;
};

/** One table whose rows the audit log vouches for. */
export type Evidence = {
  table: string;
  /** columns that name what gets a digest: one row, or the rows that share them */
  key: readonly string[];
  /** rows that share the key, which is an id of `parent`, have one digest; null = each row has its own */
  group: Group | null;
  columns: Readonly<Record<string, Cover>>;
  /** columns in the digest, in order of name */
  digested: readonly string[];
};

type Columns<T extends SQLiteTable> = keyof T['$inferSelect'] & string;

/** An entry for every column, or it does not compile. */
function evidence<T extends SQLiteTable>(
  table: T,
  key: readonly Columns<T>[],
  covers: Readonly<Record<Columns<T>, Cover>>,
  group: (Omit<Group, 'orderBy'> & { orderBy: Columns<T> }) | null = null,
): Evidence {
  const named = getTableColumns(table);
  const sqlName = (column: Columns<T>) => named[column]?.name ?? column;
  const columns = Object.fromEntries(
    (Object.entries(covers) as [Columns<T>, Cover][]).map(([column, cover]) => [sqlName(column), cover]),
  );
  return {
    table: getTableName(table),
    key: key.map(sqlName),
    group: group && { ...group, orderBy: sqlName(group.orderBy) },
    columns,
    digested: Object.keys(columns)
      .filter((column) => columns[column] === 'digest')
      .sort(),
  };
}

const digest = <K extends string>(...columns: K[]) =>
  Object.fromEntries(columns.map((column) => [column, 'digest'])) as Record<K, 'digest'>;
const notEvidence = <K extends string>(reason: string, ...columns: K[]) =>
  Object.fromEntries(columns.map((column) => [column, { notEvidence: reason }])) as Record<
    K,
    { notEvidence: string }
  >;

const OF_RUN = {
  parent: 'runs',
  orderBy: 'id',
  settled: ['paused', 'succeeded', 'failed', 'cancelled'],
} as const;

/** Every table that says something about data, people's rights or models, in order of name. */
export const EVIDENCE: readonly Evidence[] = [
  evidence(users, ['id'], {
    ...digest('id', 'email', 'name', 'passwordHash', 'isInstanceOwner', 'isSimulated', 'createdAt'),
    ...digest('disabledAt', 'totpSecret', 'totpSince', 'erasedAt'),
    ...notEvidence('only keeps a code from being used twice; gives no right', 'totpLastStep'),
  }),
  evidence(accounts, ['provider', 'providerAccountId'], {
    ...digest('provider', 'providerAccountId', 'userId', 'createdAt'),
  }),
  evidence(apiTokens, ['id'], {
    ...digest('id', 'userId', 'name', 'tokenHash', 'scopes', 'createdAt', 'revokedAt'),
    ...notEvidence('only says when it was used last; gives no right', 'lastUsedAt'),
  }),
  evidence(sessions, ['id'], {
    ...digest('id', 'userId', 'createdAt', 'expiresAt', 'endedAt', 'endReason'),
    ...notEvidence('only says where and when it was used; gives no right', 'lastSeenAt', 'userAgent'),
    ...notEvidence('only spares a person a wait; gives no right', 'addressHash'),
  }),
  evidence(recoveryCodes, ['userId', 'codeHash'], digest('userId', 'codeHash', 'createdAt', 'usedAt')),
  evidence(projects, ['id'], {
    ...digest('id', 'slug', 'name', 'description', 'settings', 'createdBy', 'createdAt'),
    ...digest('archivedAt', 'deleteAt', 'deletedAt'),
  }),
  evidence(memberships, ['projectId', 'userId'], {
    ...digest('projectId', 'userId', 'role', 'pseudonym', 'createdAt', 'removedAt'),
  }),
  evidence(guidelines, ['projectId', 'version'], {
    ...digest('projectId', 'version', 'text', 'createdBy', 'createdAt'),
  }),
  evidence(invites, ['id'], {
    ...digest('id', 'kind', 'tokenHash', 'projectId', 'role', 'createdBy', 'createdAt', 'expiresAt'),
    ...digest('acceptedAt', 'acceptedBy', 'revokedAt', 'userId', 'endsSecondFactor'),
  }),
  evidence(erasures, ['id'], {
    ...digest('id', 'kind', 'subjectId', 'projectId', 'reason', 'createdBy', 'createdAt', 'doneAt', 'result'),
  }),
  evidence(withdrawals, ['id'], {
    ...digest('id', 'projectId', 'userId', 'reason', 'createdBy', 'createdAt', 'endedAt'),
  }),
  evidence(imports, ['id'], {
    ...digest('id', 'projectId', 'fileName', 'format', 'sha256', 'status', 'read', 'accepted'),
    ...digest('duplicates', 'rejected', 'error', 'createdBy', 'createdAt', 'finishedAt'),
  }),
  evidence(importRejects, ['importId'], digest('id', 'importId', 'lineNumber', 'reason', 'detail', 'raw'), {
    parent: 'imports',
    orderBy: 'id',
    settled: ['done', 'failed'],
  }),
  evidence(prompts, ['id'], {
    ...digest('id', 'projectId', 'messages', 'contentHash', 'split', 'importId', 'externalId', 'tags'),
    ...digest('metadata', 'detailsHash', 'createdAt', 'erasedAt'),
  }),
  evidence(responses, ['id'], {
    ...digest('id', 'promptId', 'content', 'contentHash', 'origin', 'checkpointId', 'model', 'sampling'),
    ...digest('detailsHash', 'importId', 'createdAt', 'erasedAt'),
  }),
  evidence(tasks, ['id'], {
    ...digest('id', 'projectId', 'promptId', 'kind', 'overlap', 'priority', 'contentHash', 'createdAt'),
  }),
  evidence(taskResponses, ['taskId'], digest('taskId', 'responseId', 'position'), {
    ...{ parent: 'tasks', orderBy: 'responseId', settled: null },
  }),
  evidence(seats, ['id'], {
    ...digest('id', 'taskId', 'projectId', 'priority'),
    state: { derived: 'done where, and only where, its person judged its task; open seats are nobody’s' },
    annotatorId: { derived: 'who judged, for a seat that is done' },
    shownOrder: { derived: 'as the judgment has it; before that an order of the task’s responses' },
    ...notEvidence(
      'a lease proves nothing once the judgment, which carries leased_at, is recorded',
      'leaseTokenHash',
      'leasedAt',
      'leaseExpiresAt',
    ),
  }),
  evidence(skips, ['taskId', 'annotatorId'], digest('taskId', 'annotatorId', 'reason', 'at')),
  evidence(judgments, ['id'], {
    ...digest('id', 'projectId', 'taskId', 'source', 'annotatorId', 'importId', 'given', 'revision'),
    ...digest('ranking', 'strength', 'margin', 'tieKind', 'notRankable', 'flags', 'rationale'),
    ...digest('shownOrder', 'guidelineVersion', 'leasedAt', 'firstInteractionAt', 'submittedAt'),
    ...digest('activeMs', 'inputKind', 'idempotencyKey', 'erasedAt'),
    eventHash: { derived: 'hash of the audit record that wrote it first' },
  }),
  evidence(snapshots, ['id'], {
    ...digest('id', 'projectId', 'number', 'query', 'seed', 'counts', 'folder', 'manifestSha256'),
    ...digest('createdBy', 'createdAt', 'erasedAt', 'status'),
  }),
  evidence(snapshotJudgments, ['snapshotId'], digest('snapshotId', 'judgmentId'), {
    ...{ parent: 'snapshots', orderBy: 'judgmentId', settled: ['whole'] },
  }),
  evidence(snapshotExports, ['id'], {
    ...digest('id', 'snapshotId', 'format', 'folder', 'rows', 'manifestSha256', 'createdBy', 'createdAt'),
    ...digest('erasedAt'),
  }),
  evidence(models, ['id'], digest('id', 'projectId', 'name', 'kind', 'createdAt')),
  evidence(checkpoints, ['id'], {
    ...digest('id', 'modelId', 'parentId', 'rewardCheckpointId', 'snapshotId', 'runId', 'step', 'folder'),
    ...digest('manifestSha256', 'origin', 'createdAt'),
  }),
  evidence(registrations, ['id'], {
    ...digest('id', 'projectId', 'modelName', 'kind', 'source', 'baseCheckpointId', 'licence'),
    ...digest('revision', 'status', 'checkpointId', 'error', 'createdBy', 'createdAt', 'finishedAt'),
    ...notEvidence('progress in words and bytes', 'phase', 'doneBytes', 'totalBytes'),
  }),
  evidence(runs, ['id'], {
    ...digest('id', 'projectId', 'recipe', 'name', 'status', 'config', 'backend', 'device'),
    ...digest('modelCheckpointId', 'rewardCheckpointId', 'snapshotId', 'scheduleId', 'folder'),
    ...digest('totalSteps', 'summary', 'resultCheckpointId', 'error', 'createdBy', 'createdAt'),
    ...digest('startedAt', 'finishedAt', 'notes', 'tags', 'headline'),
    step: { derived: 'that of its checkpoint, once it has succeeded; before that it is progress' },
  }),
  evidence(runMetrics, ['runId'], digest('id', 'runId', 'step', 'name', 'value'), OF_RUN),
  evidence(runSamples, ['runId'], digest('id', 'runId', 'step', 'sample'), OF_RUN),
  evidence(runEvents, ['runId'], digest('id', 'runId', 'at', 'type', 'payload'), OF_RUN),
  evidence(schedules, ['id'], {
    ...digest('id', 'projectId', 'name', 'trigger', 'everyJudgments', 'cron', 'steps', 'enabled'),
    ...digest('lastCount', 'lastFiredAt', 'createdBy', 'createdAt'),
  }),
  evidence(chainExecutions, ['id'], {
    ...digest('id', 'projectId', 'scheduleId', 'name', 'status', 'steps', 'checkpointOfModel'),
    ...digest('judgmentCount', 'error', 'createdBy', 'createdAt', 'finishedAt'),
  }),
  evidence(chainSteps, ['id'], {
    ...digest('id', 'executionId', 'position', 'key', 'status', 'jobId', 'runId', 'snapshotId'),
    ...digest('checkpointId', 'figures', 'reason', 'startedAt', 'finishedAt'),
  }),
].sort((a, b) => (a.table < b.table ? -1 : 1));

/** Tables that need no digest, each with the reason. */
export const OTHER_TABLES: Readonly<Record<string, string>> = {
  audit_log: 'the chain itself: every record has the hash of the one before it',
  audit_rows: 'each record of the chain carries the digest of its lines here',
  audit_heads: 'signed; and what they say is recomputed from the chain',
  audit_tree: 'hashes kept to be found again fast; recomputed from the chain',
  counts: 'numbers of rows, for pages; counted again by the check',
  jobs: 'the queue of the worker: what a job did is in the rows that it wrote',
};

const byName = new Map(EVIDENCE.map((entry) => [entry.table, entry]));

/** The entry of a table. Throws for one that has none. */
export function evidenceOf(table: string): Evidence {
  const entry = byName.get(table);
  if (!entry) throw new Error(`"${table}" has no entry in EVIDENCE`);
  return entry;
}
