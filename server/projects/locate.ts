import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { LocateInput } from './schemas.ts';

/** By the letters that an id begins with: the one row that it names in the project, and its page below the project's address. */
const PLACES: Record<string, { sql: string; path: (found: { id: string; parent: string }) => string }> = {
  prm: {
    sql: 'SELECT id, id AS parent FROM prompts WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/data/prompts/${id}`,
  },
  rsp: {
    sql: `SELECT r.id, p.id AS parent FROM responses r JOIN prompts p ON p.id = r.prompt_id
          WHERE r.id = @id AND p.project_id = @projectId`,
    path: ({ id, parent }) => `/data/prompts/${parent}#${id}`,
  },
  tsk: {
    sql: 'SELECT id, id AS parent FROM tasks WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/data/tasks/${id}`,
  },
  sea: {
    sql: 'SELECT id, task_id AS parent FROM seats WHERE id = @id AND project_id = @projectId',
    path: ({ id, parent }) => `/data/tasks/${parent}#${id}`,
  },
  jdg: {
    sql: 'SELECT id, id AS parent FROM judgments WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/data/judgments/${id}`,
  },
  usr: {
    sql: 'SELECT user_id AS id, user_id AS parent FROM memberships WHERE user_id = @id AND project_id = @projectId',
    path: ({ id }) => `/members/${id}`,
  },
  imp: {
    sql: 'SELECT id, id AS parent FROM imports WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/data#${id}`,
  },
  snp: {
    sql: 'SELECT id, id AS parent FROM snapshots WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/exports#${id}`,
  },
  exp: {
    sql: `SELECT e.id, s.id AS parent FROM exports e JOIN snapshots s ON s.id = e.snapshot_id
          WHERE e.id = @id AND s.project_id = @projectId`,
    path: ({ parent }) => `/exports#${parent}`,
  },
  run: {
    sql: 'SELECT id, id AS parent FROM runs WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/runs/${id}`,
  },
  mdl: {
    sql: 'SELECT id, id AS parent FROM models WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/models#${id}`,
  },
  ckp: {
    sql: `SELECT c.id, m.id AS parent FROM checkpoints c JOIN models m ON m.id = c.model_id
          WHERE c.id = @id AND m.project_id = @projectId`,
    path: ({ id }) => `/models#${id}`,
  },
  reg: {
    sql: 'SELECT id, id AS parent FROM registrations WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/models#${id}`,
  },
  sch: {
    sql: 'SELECT id, id AS parent FROM schedules WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/schedules#${id}`,
  },
  exe: {
    sql: 'SELECT id, id AS parent FROM chain_executions WHERE id = @id AND project_id = @projectId',
    path: ({ id }) => `/schedules#${id}`,
  },
  stp: {
    sql: `SELECT s.id, e.id AS parent FROM chain_steps s JOIN chain_executions e ON e.id = s.execution_id
          WHERE s.id = @id AND e.project_id = @projectId`,
    path: ({ parent }) => `/schedules#${parent}`,
  },
  prj: {
    sql: 'SELECT id, id AS parent FROM projects WHERE id = @id AND id = @projectId',
    path: () => '',
  },
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
