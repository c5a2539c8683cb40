import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { LocateInput } from './schemas.ts';

type Place = { sql: string; path: (found: { id: string; parent: string }) => string };

/** A row of a table that names its project. */
const row = (table: string, pathOf: Place['path']): Place => ({
  sql: `SELECT id, id AS parent FROM ${table} WHERE id = @id AND project_id = @projectId`,
  path: pathOf,
});

/** A row whose `key` is the parent that names the project. */
const rowOf = ([parents, key]: [string, string], table: string, pathOf: Place['path']): Place => ({
  sql: `SELECT t.id, p.id AS parent FROM ${table} t JOIN ${parents} p ON p.id = t.${key}
        WHERE t.id = @id AND p.project_id = @projectId`,
  path: pathOf,
});

/** By the letters that an id begins with: the one row that it names in the project, and its page below the project's address. */
const PLACES: Record<string, Place> = {
  prm: row('prompts', ({ id }) => `/data/prompts/${id}`),
  rsp: rowOf(['prompts', 'prompt_id'], 'responses', ({ id, parent }) => `/data/prompts/${parent}#${id}`),
  tsk: row('tasks', ({ id }) => `/data/tasks/${id}`),
  sea: rowOf(['tasks', 'task_id'], 'seats', ({ id, parent }) => `/data/tasks/${parent}#${id}`),
  jdg: row('judgments', ({ id }) => `/data/judgments/${id}`),
  usr: {
    sql: 'SELECT user_id AS id, user_id AS parent FROM memberships WHERE user_id = @id AND project_id = @projectId',
    path: ({ id }) => `/members/${id}`,
  },
  imp: row('imports', ({ id }) => `/data#${id}`),
  snp: row('snapshots', ({ id }) => `/exports#${id}`),
  exp: rowOf(['snapshots', 'snapshot_id'], 'exports', ({ parent }) => `/exports#${parent}`),
  run: row('runs', ({ id }) => `/runs/${id}`),
  mdl: row('models', ({ id }) => `/models#${id}`),
  ckp: rowOf(['models', 'model_id'], 'checkpoints', ({ id }) => `/models#${id}`),
  reg: row('registrations', ({ id }) => `/models#${id}`),
  sch: row('schedules', ({ id }) => `/schedules#${id}`),
  exe: row('chain_executions', ({ id }) => `/schedules#${id}`),
  stp: rowOf(['chain_executions', 'execution_id'], 'chain_steps', ({ parent }) => `/schedules#${parent}`),
  prj: { sql: 'SELECT id, id AS parent FROM projects WHERE id = @id AND id = @projectId', path: () => '' },
};

/**
 * Where the thing that an id names is to be looked at, below the project's address. Throws `not-found` for ids of no such thing in
 * this project, those of other projects among them. Says that there is one and nothing about it.
 */
export function locate({ ctx, input }: { ctx: Ctx; input: LocateInput }): { path: string } {
  const { projectId, id } = input;
  const place = PLACES[/^([a-z]{3})_/.exec(id)?.[1] ?? ''];
  const found = place && ctx.db.$client.prepare(place.sql).get({ id, projectId });
  if (!found) throw new DomainError('not-found', `Nothing in this project is named ${id}.`);
  return { path: place.path(found as { id: string; parent: string }) };
}
