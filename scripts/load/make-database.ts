import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { getTableColumns, getTableName } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { appendRecord } from '../../db/audit/append-record.ts';
import type { Db } from '../../db/client.ts';
import { countOf } from '../../db/counts.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { memberships } from '../../db/schema/projects.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { seats, taskResponses, tasks } from '../../db/schema/tasks.ts';
import { users } from '../../db/schema/users.ts';
import { splitByPrompt } from '../../lib/formats/split-by-prompt.ts';
import { newId } from '../../lib/new-id.ts';
import type { Role } from '../../lib/roles.ts';
import { hashPassword } from '../../server/auth/password.ts';
import type { Ctx } from '../../server/context.ts';
import { openDataFolder } from '../../server/data-folder.ts';
import { createProject } from '../../server/projects/create.ts';
import { BENCHMARK_FILE } from '../../server/runs/estimate.ts';
import { promptHash, responseHash, taskHash } from '../../server/tasks/content-hash.ts';
import { createToken } from '../../server/users/create-token.ts';

export const PASSWORD = 'a long password for the load';
export const SLUG = 'load';
/** judgments of each task that is judged already, and seats of each that is open */
const OVERLAP = 5;
const TASKS_PER_TRANSACTION = 200;

export type LoadFolder = {
  projectId: string;
  /** who signs in at the pages, by role */
  emails: Record<Role, string>;
  annotators: { userId: string; token: string }[];
};

const FILE = 'load.json';

/**
 * A data folder with so many judgments of so many people, and open tasks for a run. Rows are inserted without the verbs, a
 * transaction for every thousand judgments, but by a connection that records them: one audit record for each judgment, with
 * the digests of its rows, as the verbs leave it. A folder that was made before is gone on with.
 */
export async function makeDatabase(
  dataFolder: string,
  { numAnnotators, numJudgments, numOpen }: { numAnnotators: number; numJudgments: number; numOpen: number },
  tell: (line: string) => void,
): Promise<LoadFolder> {
  const db = openDataFolder(dataFolder);
  db.$client.pragma('synchronous = OFF');
  db.$client.pragma('cache_size = -200000');
  // the worker would spend the run's time on measuring the machine
  writeFileSync(path.join(dataFolder, BENCHMARK_FILE), '{}');
  const folder = await ensurePeople(db, dataFolder, numAnnotators);
  const writer = createWriter(db, folder);
  const judged = () =>
    countOf(db, folder.projectId, 'judgments:simulated') +
    countOf(db, folder.projectId, 'judgments:annotator');
  let said = Date.now();
  for (let done = judged(); done < numJudgments; done = judged()) {
    const left = Math.ceil((numJudgments - done) / OVERLAP);
    db.transaction(() => writer.addTasks(Math.min(TASKS_PER_TRANSACTION, left), 'judged'), {
      behavior: 'immediate',
    });
    if (Date.now() - said > 5000) {
      said = Date.now();
      tell(`${judged().toLocaleString('en')} of ${numJudgments.toLocaleString('en')} judgments`);
    }
  }
  while (countOf(db, folder.projectId, 'seats:open') < numOpen)
    db.transaction(() => writer.addTasks(TASKS_PER_TRANSACTION, 'open'), { behavior: 'immediate' });
  db.$client.pragma('wal_checkpoint(TRUNCATE)');
  db.$client.close();
  return folder;
}

async function ensurePeople(db: Db, dataFolder: string, numAnnotators: number): Promise<LoadFolder> {
  const file = path.join(dataFolder, FILE);
  const folder = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as LoadFolder)
    : await makeProject(db, dataFolder);
  while (folder.annotators.length < numAnnotators) {
    const number = folder.annotators.length;
    const createdAt = Date.now();
    const userId = newId('usr');
    db.insert(users)
      .values({
        id: userId,
        name: `Load ${number}`,
        email: `${userId}@example.org`,
        isSimulated: true,
        createdAt,
      })
      .run();
    const pseudonym = `L${number}`;
    db.insert(memberships)
      .values({ projectId: folder.projectId, userId, role: 'annotator', pseudonym, createdAt })
      .run();
    const { token } = createToken({
      ctx: asUser(db, dataFolder, userId),
      input: { name: 'load', scopes: ['read', 'write'] },
    });
    folder.annotators.push({ userId, token });
  }
  writeFileSync(file, JSON.stringify(folder), { mode: 0o600 });
  return folder;
}

async function makeProject(db: Db, dataFolder: string): Promise<LoadFolder> {
  const passwordHash = await hashPassword(PASSWORD);
  const emails = {} as Record<Role, string>;
  const ids = {} as Record<Role, string>;
  const createdAt = Date.now();
  for (const role of ['owner', 'researcher', 'annotator', 'auditor'] as const) {
    emails[role] = `${role}@example.org`;
    ids[role] = newId('usr');
    db.insert(users)
      .values({
        ...{ id: ids[role], name: role, email: emails[role], passwordHash, createdAt },
        isInstanceOwner: role === 'owner',
      })
      .run();
  }
  const owner = asUser(db, dataFolder, ids.owner, true);
  const { id: projectId } = createProject({ ctx: owner, input: { name: 'Load', slug: SLUG } });
  db.transaction(() => {
    for (const role of ['researcher', 'annotator', 'auditor'] as const)
      db.insert(memberships)
        .values({ projectId, userId: ids[role], role, pseudonym: `P-${role}`, createdAt })
        .run();
  });
  return { projectId, emails, annotators: [] };
}

function asUser(db: Db, dataFolder: string, userId: string, isInstanceOwner = false): Ctx {
  return { db, dataFolder, actor: { type: 'user', userId, isInstanceOwner }, now: Date.now };
}

type Task = { taskId: string; promptId: string; ids: [string, string] };

function createWriter(db: Db, { projectId, annotators }: LoadFolder) {
  /** As the verbs leave it: JSON as text, but null as null, which drizzle's placeholders would write as text too. */
  const insert = <Table extends SQLiteTable>(table: Table) => {
    const columns = Object.entries(getTableColumns(table));
    const names = columns.map(([, column]) => `"${column.name}"`).join(', ');
    const values = columns.map(([key]) => `@${key}`).join(', ');
    const statement = db.$client.prepare(
      `insert into "${getTableName(table)}" (${names}) values (${values})`,
    );
    const plain = (value: unknown) =>
      typeof value === 'boolean'
        ? Number(value)
        : typeof value === 'object' && value !== null
          ? JSON.stringify(value)
          : value;
    return {
      run: (row: Table['$inferSelect']) =>
        statement.run(Object.fromEntries(columns.map(([key]) => [key, plain(row[key as keyof typeof row])]))),
    };
  };
  const rows = {
    prompt: insert(prompts),
    response: insert(responses),
    task: insert(tasks),
    place: insert(taskResponses),
    seat: insert(seats),
    judgment: insert(judgments),
  };
  const nameEvent = db.$client.prepare('update judgments set event_hash = ? where id = ?');
  let number = countOf(db, projectId, 'tasks');

  const addTask = (overlap: number): Task => {
    const now = Date.now();
    number += 1;
    const promptId = newId('prm', now);
    const content = `Question ${number}: which of two answers would you rather get, and what does it turn on? ${'Context. '.repeat(number % 20)}`;
    const messages = [{ role: 'user' as const, content }];
    rows.prompt.run({
      ...{ id: promptId, projectId, messages, contentHash: promptHash(messages), createdAt: now },
      ...{
        erasedAt: null,
        split: splitByPrompt(messages, 0.2),
        importId: null,
        externalId: null,
        tags: [],
        metadata: {},
      },
      detailsHash: null,
    });
    const ids = [0, 1].map((place) => {
      const id = newId('rsp', now);
      const text = `Answer ${place} to question ${number}. ${'It goes on for a while. '.repeat((number + place) % 9)}`;
      rows.response.run({
        ...{
          id,
          promptId,
          content: text,
          contentHash: responseHash(text),
          origin: 'imported' as const,
          erasedAt: null,
        },
        ...{ checkpointId: null, model: null, sampling: null, detailsHash: null, importId: null },
        createdAt: now,
      });
      return id;
    }) as [string, string];
    const taskId = newId('tsk', now);
    const contentHash = taskHash(promptId, ids);
    rows.task.run({
      ...{ id: taskId, projectId, promptId, kind: 'normal' as const, overlap, priority: 0, contentHash },
      createdAt: now,
    });
    ids.forEach((responseId, position) => {
      rows.place.run({ taskId, responseId, position });
    });
    return { taskId, promptId, ids };
  };
  const seat = { projectId, priority: 0, leaseTokenHash: null, leaseExpiresAt: null };

  const judge = ({ taskId, ids }: Task, place: number) => {
    const now = Date.now();
    const annotator = annotators[(number * 7 + place) % annotators.length];
    if (!annotator) throw new Error('nobody is there to judge');
    const shownOrder = place % 2 === 0 ? ids : [...ids].reverse();
    const leasedAt = now - 5000;
    rows.seat.run({
      ...{ ...seat, id: newId('sea', now), taskId, state: 'done' as const, annotatorId: annotator.userId },
      ...{ leasedAt, shownOrder },
    });
    const id = newId('jdg', now);
    const ranking = ((number + place) % 3 === 0 ? [...ids].reverse() : ids).map((one) => [one]);
    rows.judgment.run({
      ...{ id, projectId, taskId, source: 'simulated' as const, annotatorId: annotator.userId },
      ...{ importId: null, given: null, revision: 1, ranking, margin: null, tieKind: 'none' as const },
      ...{ strength: ranking[0]?.[0] === shownOrder[0] ? -1 : 1, notRankable: false, flags: {}, shownOrder },
      ...{ rationale: number % 10 === 0 ? 'It answers what was asked.' : '', guidelineVersion: 1, leasedAt },
      ...{ firstInteractionAt: now - 2000, submittedAt: now, activeMs: 4000, inputKind: 'api' as const },
      ...{ idempotencyKey: `made-${id}`, eventHash: '', erasedAt: null },
    });
    const record = appendRecord(db.$client, {
      ...{ at: now, actor: `user:${annotator.userId}`, action: 'judgments.record', subject: id, projectId },
      payload: { taskId, revision: 1 },
    });
    nameEvent.run(record.hash, id);
  };

  return {
    addTasks(count: number, kind: 'judged' | 'open'): void {
      for (let i = 0; i < count; i++) {
        const task = addTask(OVERLAP);
        for (let place = 0; place < OVERLAP; place++) {
          if (kind === 'judged') judge(task, place);
          else
            rows.seat.run({
              ...{ ...seat, id: newId('sea'), taskId: task.taskId, state: 'open' as const },
              ...{ annotatorId: null, leasedAt: null, shownOrder: null },
            });
        }
      }
    },
  };
}
