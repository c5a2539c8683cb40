import type { JobHandlers } from './job-context.ts';

/** The handler of each kind, loaded when its first job comes. */
export const jobHandlers: JobHandlers = {
  import: () => import('./handlers/import.ts'),
  'stage-model': () => import('./handlers/stage-model.ts'),
  'register-model': () => import('./handlers/register-model.ts'),
  train: () => import('./handlers/train.ts'),
  ask: () => import('./handlers/ask.ts'),
  generate: () => import('./handlers/generate.ts'),
  snapshot: () => import('./handlers/snapshot.ts'),
  'fill-snapshot': () => import('./handlers/fill-snapshot.ts'),
  export: () => import('./handlers/export.ts'),
  evaluate: () => import('./handlers/evaluate.ts'),
  'make-tasks': () => import('./handlers/make-tasks.ts'),
  verify: () => import('./handlers/verify.ts'),
  'delete-project': () => import('./handlers/delete-project.ts'),
  erase: () => import('./handlers/erase.ts'),
  backup: () => import('./handlers/backup.ts'),
  benchmark: () => import('./handlers/benchmark.ts'),
};
