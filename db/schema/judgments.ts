import { sql } from 'drizzle-orm';
import { check, index, integer, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { JsonValue } from '../../lib/formats/parsed-row.ts';
import { imports } from './imports.ts';
import { projects } from './projects.ts';
import type { Sampling } from './prompts.ts';
import { tasks } from './tasks.ts';
import { users } from './users.ts';

export const TIE_KINDS = ['none', 'equal', 'both_good', 'both_bad'] as const;
export const INPUT_KINDS = ['keyboard', 'pointer', 'touch', 'mixed', 'api'] as const;
export const JUDGMENT_SOURCES = ['annotator', 'simulated', 'imported'] as const;

/** What the file says of an imported judgment beyond the answer itself; a key is there only where the file has it. */
export type Given = {
  /** the row's own name */
  externalId?: string;
  /** whoever judged, as the file names them: it serves as their pseudonym */
  annotator?: string;
  /** when they judged, UTC ms */
  submittedAt?: number;
  /** the side of the split that the file puts the row on, in its words */
  split?: string;
  tags?: string[];
  metadata?: Record<string, JsonValue>;
  /** a correction by the same person took its place: it is kept, and counts no more */
  superseded?: true;
  /** who wrote which response, by response id: the same text may come from two models */
  responses?: Record<string, { model?: string; sampling?: Sampling }>;
};

/** What somebody said of a task. Append-only: a correction is a new row with revision + 1. */
export const judgments = sqliteTable(
  'judgments',
  {
    id: text('id').primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    source: text('source', { enum: JUDGMENT_SOURCES }).notNull(),
    /** null for imported rows */
    annotatorId: text('annotator_id').references(() => users.id),
    importId: text('import_id').references(() => imports.id),
    given: text('given', { mode: 'json' }).$type<Given>(),
    revision: integer('revision').notNull().default(1),
    /** groups of response ids, best first; one group = tie */
    ranking: text('ranking', { mode: 'json' }).$type<string[][]>().notNull(),
    /** pairs: -3..3 as seen in shown order, negative = first shown is better; null where not asked */
    strength: integer('strength'),
    /** imported rows: the margin column of the file; null where it has none and for everybody else (strength says it) */
    margin: real('margin'),
    tieKind: text('tie_kind', { enum: TIE_KINDS }).notNull().default('none'),
    notRankable: integer('not_rankable', { mode: 'boolean' }).notNull().default(false),
    /** flags by response id */
    flags: text('flags', { mode: 'json' }).$type<Record<string, string[]>>().notNull(),
    rationale: text('rationale').notNull().default(''),
    shownOrder: text('shown_order', { mode: 'json' }).$type<string[]>().notNull(),
    guidelineVersion: integer('guideline_version').notNull(),
    leasedAt: integer('leased_at').notNull(),
    firstInteractionAt: integer('first_interaction_at'),
    submittedAt: integer('submitted_at').notNull(),
    activeMs: integer('active_ms').notNull().default(0),
    inputKind: text('input_kind', { enum: INPUT_KINDS }).notNull(),
    idempotencyKey: text('idempotency_key').notNull().unique(),
    /** hash of the audit event that recorded it */
    eventHash: text('event_hash').notNull(),
    /** a text that it is about was erased then, and with it the rationale: later snapshots leave it out */
    erasedAt: integer('erased_at'),
  },
  (table) => [
    index('judgments_project').on(table.projectId, table.id),
    index('judgments_task').on(table.taskId),
    // "my answers", newest first
    index('judgments_annotator').on(table.annotatorId, table.id),
    uniqueIndex('judgments_revision').on(table.taskId, table.annotatorId, table.revision),
    check('judgments_strength', sql`strength is null or (strength between -3 and 3)`),
  ],
);
