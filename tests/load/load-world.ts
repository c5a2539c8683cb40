import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Db } from '../../db/client.ts';
import { memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { seedProject } from '../../db/testing.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../../server/context.ts';
import { openDataFolder } from '../../server/data-folder.ts';
import { receiveUpload } from '../../server/imports/receive-upload.ts';
import { BENCHMARK_FILE } from '../../server/runs/estimate.ts';
import { addPrompt } from '../../server/tasks/add-prompt.ts';
import { addResponses } from '../../server/tasks/add-responses.ts';
import { createTask } from '../../server/tasks/create.ts';
import { createToken } from '../../server/users/create-token.ts';

export type LoadWorld = {
  db: Db;
  projectId: string;
  annotators: { userId: string; token: string }[];
  numSeats: number;
  importId: string;
  importRows: number;
};

/** A data folder with a project, tasks of two to four responses judged twice each, annotators with API tokens, and an upload that waits. */
export async function createLoadWorld(
  dataFolder: string,
  { numAnnotators, numTasks, importRows }: { numAnnotators: number; numTasks: number; importRows: number },
): Promise<LoadWorld> {
  const db = openDataFolder(dataFolder);
  // the worker would spend this test's time on measuring the machine
  writeFileSync(path.join(dataFolder, BENCHMARK_FILE), '{}');
  const { projectId, userIds } = seedProject(db);
  const as = (userId: string): Ctx => ({
    db,
    actor: { type: 'user', userId, isInstanceOwner: false },
    dataFolder,
    now: Date.now,
  });
  const researcher = as(userIds.researcher);
  for (let i = 0; i < numTasks; i++) {
    const messages = [{ role: 'user' as const, content: `Question ${i}` }];
    const { promptId } = addPrompt({ ctx: researcher, input: { projectId, messages } });
    const contents = Array.from({ length: 2 + (i % 3) }, (_, k) => `Answer ${k} to question ${i}`);
    const responseIds = addResponses({
      ctx: researcher,
      input: { promptId, responses: contents.map((content) => ({ content, origin: 'imported' })) },
    });
    createTask({ ctx: researcher, input: { projectId, promptId, responseIds, overlap: 2 } });
  }
  const annotators = Array.from({ length: numAnnotators }, (_, i) => {
    const userId = newId('usr');
    const createdAt = Date.now();
    db.insert(users)
      .values({ id: userId, name: `Load ${i}`, email: `${userId}@example.org`, isSimulated: true, createdAt })
      .run();
    db.insert(memberships)
      .values({ projectId, userId, role: 'annotator', pseudonym: `L${i}`, createdAt })
      .run();
    const { token } = createToken({
      ctx: as(userId),
      input: { name: 'load test', scopes: ['read', 'write'] },
    });
    return { userId, token };
  });
  const rows = Array.from({ length: importRows }, (_, i) =>
    JSON.stringify({ prompt: `Imported ${i}`, chosen: `yes ${i}`, rejected: `no ${i}` }),
  );
  const { importId } = await receiveUpload({
    ctx: researcher,
    projectId,
    fileName: 'load.jsonl',
    format: 'trl-preference',
    stream: Readable.from(rows.map((row) => Buffer.from(`${row}\n`))),
  });
  return { db, projectId, annotators, numSeats: numTasks * 2, importId, importRows };
}
