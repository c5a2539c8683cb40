import type { Db } from '../../db/client.ts';
import { memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { newId } from '../../lib/new-id.ts';
import type { Role } from '../../lib/roles.ts';
import type { Ctx } from '../context.ts';
import { addPrompt } from './add-prompt.ts';
import { addResponses } from './add-responses.ts';
import { createTask } from './create.ts';

export type LabelingWorld = {
  db: Db;
  projectId: string;
  userIds: Record<Role, string>;
  /** a context for one person; all share one clock, which `advance` moves */
  as: (userId: string) => Ctx;
  advance: (ms: number) => void;
  addAnnotator: () => string;
  addTask: (options?: { numResponses?: number; overlap?: number; priority?: number }) => {
    taskId: string;
    promptId: string;
    responseIds: string[];
  };
};

/** A project with members and a clock that stands still, on a fresh database. For tests. */
export function createLabelingWorld(db: Db = createTestDb()): LabelingWorld {
  const { projectId, userIds } = seedProject(db);
  let now = Date.UTC(2026, 0, 1);
  let serial = 0;
  const as = (userId: string): Ctx => ({
    db,
    actor: { type: 'user', userId, isInstanceOwner: false },
    dataFolder: '/nonexistent',
    now: () => now,
  });
  return {
    db,
    projectId,
    userIds,
    as,
    advance: (ms) => {
      now += ms;
    },
    addAnnotator: () => {
      const userId = newId('usr');
      serial += 1;
      db.insert(users)
        .values({ id: userId, email: `${userId}@example.org`, name: 'x', createdAt: now })
        .run();
      db.insert(memberships)
        .values({ projectId, userId, role: 'annotator', pseudonym: `B${serial}`, createdAt: now })
        .run();
      return userId;
    },
    addTask: ({ numResponses = 2, overlap, priority } = {}) => {
      serial += 1;
      const ctx = as(userIds.researcher);
      const { promptId } = addPrompt({
        ctx,
        input: { projectId, messages: [{ role: 'user', content: `Question ${serial}` }] },
      });
      const responseIds = addResponses({
        ctx,
        input: {
          promptId,
          responses: Array.from({ length: numResponses }, (_, i) => ({
            content: `Answer ${i}`,
            origin: 'imported' as const,
          })),
        },
      });
      const { taskId } = createTask({ ctx, input: { projectId, promptId, responseIds, overlap, priority } });
      return { taskId, promptId, responseIds };
    },
  };
}
