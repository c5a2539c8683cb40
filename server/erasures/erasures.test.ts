import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { importRejects, imports } from '../../db/schema/imports.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { memberships } from '../../db/schema/projects.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { runSamples, runs } from '../../db/schema/runs.ts';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import { seats, taskResponses, tasks } from '../../db/schema/tasks.ts';
import { accounts, apiTokens, sessions, users } from '../../db/schema/users.ts';
import type { Ctx } from '../context.ts';
import { databaseFile, openDataFolder } from '../data-folder.ts';
import { recordJudgment } from '../judgments/record.ts';
import { promptsToAnswer } from '../models/generate.ts';
import { beginSession } from '../sessions/begin.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { exportSnapshot } from '../snapshots/export.ts';
import { openSnapshot } from '../snapshots/internal.ts';
import { openExportFile } from '../snapshots/open-export-file.ts';
import { addPrompt } from '../tasks/add-prompt.ts';
import { addResponses } from '../tasks/add-responses.ts';
import { claimTask } from '../tasks/claim.ts';
import { createTask } from '../tasks/create.ts';
import { createTasksFromPrompts } from '../tasks/create-from-prompts.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';
import { createToken } from '../users/create-token.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';
import { startHeartbeat } from '../worker/heartbeat.ts';
import { carryOutErasure } from './carry-out.ts';
import { carryOutHere } from './carry-out-here.ts';
import { erasePerson } from './erase-person.ts';
import { eraseText } from './erase-text.ts';
import { placesIn } from './look-through.ts';

const SECRET_PROMPT = 'My doctor, Dr. Okonkwo of Lagos, wrote:\n"rest for a week".';
const SECRET_ANSWER = 'Then rest, as Dr. Okonkwo of Lagos says, and drink zobo tea.';
const SECRET_RATIONALE = 'I know this doctor from my own time in Surulere';
const MAIL = 'ada.secret@example.org';
const NAME = 'Adaeze Nwosu-Secret';
const REASON = 'asked for by letter of 3 May';

let dataFolder: string;
let db: Db;
let world: LabelingWorld;
let made: { promptId: string; responseIds: string[]; taskId: string };
let snapshotId: string;
let exportId: string;
const ctxOf = (userId: string): Ctx => ({ ...world.as(userId), dataFolder });
const owner = (): Ctx => ctxOf(world.userIds.owner);
const researcher = (): Ctx => ctxOf(world.userIds.researcher);
const job = (): Ctx => ({ ...owner(), actor: { type: 'job', jobId: 'job_1' } });

beforeEach(async () => {
  dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-erase-'));
  db = openDataFolder(dataFolder);
  world = createLabelingWorld(db);
  const { projectId, userIds } = world;
  db.update(users).set({ email: MAIL, name: NAME }).where(eq(users.id, userIds.annotator)).run();
  db.transaction(() => {
    const ctx = researcher();
    const messages = [{ role: 'user' as const, content: SECRET_PROMPT }];
    const { promptId } = addPrompt({ ctx, input: { projectId, messages } });
    const answers = [SECRET_ANSWER, 'Ask somebody else about that.', 'A third of them altogether.'];
    const written = answers.map((content) => ({ content, origin: 'imported' as const }));
    const responseIds = addResponses({ ctx, input: { promptId, responses: written } });
    const pair = responseIds.slice(0, 2);
    const { taskId } = createTask({ ctx, input: { projectId, promptId, responseIds: pair, overlap: 2 } });
    made = { promptId, responseIds, taskId };
  });
  judge(SECRET_RATIONALE);
  for (let i = 0; i < 3; i++) {
    world.addTask();
    judge('');
  }
  // another that nobody has judged yet
  db.transaction(() => {
    const responseIds = made.responseIds.slice(0, 3);
    createTask({
      ctx: researcher(),
      input: { ...{ projectId, promptId: made.promptId, responseIds }, overlap: 1 },
    });
  });
  leaveTraces();
  world.advance(1000);
  ({ snapshotId } = await createSnapshot({ ctx: researcher(), input: { projectId } }));
  const asked = { projectId, snapshotId, format: 'trl' as const };
  ({ exportId } = await exportSnapshot({ ctx: researcher(), input: asked }));
  world.advance(1000);
});
afterEach(() => {
  db.$client.close();
  rmSync(dataFolder, { recursive: true });
});

function judge(rationale: string): void {
  const { projectId, userIds } = world;
  const ctx = ctxOf(userIds.annotator);
  const { task } = claimTask({ ctx, input: { projectId } });
  if (!task) throw new Error('no task');
  const [first = '', second = ''] = task.responses.map(({ id }) => id);
  recordJudgment({
    ctx,
    input: {
      ...{ projectId, seatId: task.seatId, leaseToken: task.leaseToken, ranking: [[first], [second]] },
      ...{ idempotencyKey: `key-${task.taskId}`, strength: -1, tieKind: 'none', notRankable: false },
      ...{ flags: {}, rationale, firstInteractionAt: null, activeMs: 1, inputKind: 'keyboard' },
    },
  });
}

/** What quotes a text beside the place where it belongs. */
function leaveTraces(): void {
  const { projectId, userIds } = world;
  const by = { projectId, createdBy: userIds.researcher, createdAt: 1 };
  const quoted = { prompt: SECRET_PROMPT, response: SECRET_ANSWER };
  db.transaction(() => {
    db.insert(imports)
      .values({ ...by, id: 'imp_1', fileName: 'a.jsonl', format: 'prompts', status: 'running', rejected: {} })
      .run();
    const raw = JSON.stringify(quoted);
    db.insert(importRejects)
      .values({ importId: 'imp_1', lineNumber: 1, reason: 'x', detail: 'y', raw })
      .run();
    db.insert(importRejects)
      .values({ importId: 'imp_1', lineNumber: 2, reason: 'x', detail: 'y', raw: '{"a":1}' })
      .run();
    db.update(imports).set({ status: 'done' }).run();
    db.insert(runs)
      .values({ ...by, id: 'run_1', recipe: 'ppo', name: 'r', status: 'running', config: {}, folder: 'f' })
      .run();
    db.insert(runSamples)
      .values({ runId: 'run_1', step: 1, sample: { ...quoted, figures: {} } })
      .run();
    db.update(runs).set({ status: 'succeeded' }).run();
  });
  const put = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(dataFolder, name)), { recursive: true });
    writeFileSync(path.join(dataFolder, name), text);
  };
  put('imports/imp_1/upload', JSON.stringify(quoted));
  put('plumbline-0008_sessions-20261128T164402Z.db', SECRET_PROMPT);
  const said = { msg: `odd row: ${SECRET_ANSWER}`, from: MAIL, rationale: SECRET_RATIONALE };
  put('logs/web.log', `${JSON.stringify(said)}\n`);
}

/** Files of the data folder in which one of the texts stands, as it is or as JSON writes it. */
function filesWith(...texts: string[]): string[] {
  db.$client.pragma('wal_checkpoint(TRUNCATE)');
  const spellings = texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]);
  return readdirSync(dataFolder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const file = path.join(dataFolder, name);
    return statSync(file).isFile() && spellings.some((text) => readFileSync(file).includes(text));
  });
}
const check = () => verifyDataFolder(db, dataFolder);

async function erase(kind: 'prompt' | 'response', subjectId: string) {
  const input = { projectId: world.projectId, kind, subjectId, reason: REASON };
  const { erasureId } = eraseText({ ctx: owner(), input });
  return carryOutErasure({ ctx: job(), input: { erasureId } });
}

/** Carries an erasure out, each attempt a write further than the one before. */
async function killedAtEachWrite(erasureId: string): Promise<void> {
  for (let killAt = 1; ; killAt += 1) {
    let writes = 0;
    const now = () => {
      writes += 1;
      if (writes === killAt) throw new Error('killed');
      return Date.now();
    };
    const done = await carryOutErasure({ ctx: { ...job(), now }, input: { erasureId } }).then(
      () => true,
      (error: Error) => {
        expect(error.message).toBe('killed');
        return false;
      },
    );
    if (done) return;
  }
}

describe('erasing a text', () => {
  it('takes a prompt and its responses out of every file of the folder, byte for byte', async () => {
    const texts = [SECRET_PROMPT, SECRET_ANSWER, SECRET_RATIONALE, 'Dr. Okonkwo of Lagos'];
    expect(filesWith(...texts)).toEqual(
      expect.arrayContaining([
        ...['plumbline.db', 'logs/web.log', 'imports/imp_1/upload'],
        `snapshots/${snapshotId}/raw.jsonl`,
      ]),
    );
    const result = await erase('prompt', made.promptId);
    expect(result).toMatchObject({ snapshots: 1, exports: 1, judgments: 1, leftIn: [] });
    expect(filesWith(...texts)).toEqual([]);
    expect(existsSync(path.join(dataFolder, 'snapshots', snapshotId))).toBe(false);
    expect(
      db
        .select()
        .from(importRejects)
        .all()
        .map(({ raw }) => raw),
    ).toEqual(['(erased)', '{"a":1}']);
    expect(readFileSync(path.join(dataFolder, 'logs/web.log'), 'utf8')).toContain('odd row: xxxx');
  });

  it('leaves the log whole: verify says intact, and what was erased, when, why, by whom', async () => {
    await erase('prompt', made.promptId);
    const { findings, notCovered, erased } = await check();
    // the folder has no checkpoints or exports beside these
    expect({ findings, notCovered }).toEqual({ findings: [], notCovered: [] });
    expect(erased).toEqual([
      expect.stringMatching(
        `prompt ${made.promptId}, 20.*, by user:${world.userIds.owner}: ${REASON} .audit record`,
      ),
    ]);
    const salts = db.$client.prepare(
      `select count(*) from audit_rows where table_name = 'prompts' and row_key = ? and salt is not null`,
    );
    expect(salts.pluck().get(made.promptId)).toBe(1);
    for (const table of [prompts, responses]) {
      const hashes = db.select({ hash: table.contentHash, at: table.erasedAt }).from(table).all();
      for (const { hash, at } of hashes) expect(hash.startsWith('erased:')).toBe(at !== null);
    }
  });

  it('says so while the worker has it in hand, and finds an erasure that nobody recorded', async () => {
    const input = {
      projectId: world.projectId,
      kind: 'prompt' as const,
      subjectId: made.promptId,
      reason: REASON,
    };
    const { erasureId } = eraseText({ ctx: owner(), input });
    expect((await check()).notCovered).toEqual([
      expect.stringContaining(`prompt ${made.promptId}, which is being`),
    ]);
    expect(() => eraseText({ ctx: owner(), input })).toThrow('already');
    await carryOutErasure({ ctx: job(), input: { erasureId } });
    const other = db
      .select()
      .from(prompts)
      .all()
      .find(({ erasedAt }) => erasedAt === null);
    const shell = new Database(databaseFile(dataFolder));
    shell
      .prepare(
        `update prompts set messages = '[{"role":"user","content":"(erased)"}]', content_hash = 'erased:' || id, erased_at = 1 where id = ?`,
      )
      .run(other?.id);
    const { findings } = await verifyDataFolder(drizzle(shell) as unknown as Db, dataFolder);
    shell.close();
    expect(findings).toEqual([
      expect.objectContaining({ kind: 'row-changed', where: `prompts ${other?.id}` }),
    ]);
  });

  it('marks snapshots and exports and serves them no more; later ones leave the judgments out as erased', async () => {
    await erase('prompt', made.promptId);
    const snapshot = db.select().from(snapshots).get();
    if (!snapshot) throw new Error('no snapshot');
    const scope = { projectId: world.projectId };
    await expect(openSnapshot({ dataFolder }, snapshot)).rejects.toThrow('held what was erased');
    expect(db.select().from(snapshotExports).get()?.erasedAt).not.toBeNull();
    const file = { ...scope, exportId, file: 'manifest.json' };
    expect(() => openExportFile({ ctx: researcher(), input: file })).toThrow('held what was erased');
    const again = { ...scope, snapshotId, format: 'trl' as const };
    await expect(exportSnapshot({ ctx: researcher(), input: again })).rejects.toThrow('held what was erased');
    world.advance(1000);
    const next = await createSnapshot({ ctx: researcher(), input: scope });
    expect(next.counts).toMatchObject({ kept: 3, dropped: { erased: 1 } });
    expect(filesWith(SECRET_PROMPT, SECRET_ANSWER)).toEqual([]);
    expect((await check()).findings).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('keeps no file open that it removes', async () => {
    const raw = path.join(dataFolder, 'snapshots', snapshotId, 'raw.jsonl');
    appendFileSync(raw, `${'{}'.padEnd(1000)}\n`.repeat(4000));
    await erase('prompt', made.promptId);
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(path.join('/proc/self/fd', fd))];
      } catch {
        // the one that listed them
        return [];
      }
    });
    expect(open.filter((file) => file.includes(snapshotId))).toEqual([]);
  });

  it('asks the task no more, makes none of it, and lets no model answer it', async () => {
    await erase('prompt', made.promptId);
    const open = db.select().from(seats).innerJoin(tasks, eq(tasks.id, seats.taskId));
    const left = open.where(eq(tasks.promptId, made.promptId)).all();
    expect(left.map(({ seats: { state } }) => state)).toEqual(['done']);
    const { projectId } = world;
    createTasksFromPrompts({ ctx: researcher(), input: { projectId, arrange: 'pairs' } });
    expect(db.select().from(tasks).where(eq(tasks.promptId, made.promptId)).all()).toHaveLength(2);
    const asked = promptsToAnswer(researcher(), { projectId, checkpointIds: ['ckp_1'], numPrompts: 99 });
    expect(asked).toHaveLength(3);
    expect(asked).not.toContain(made.promptId);
  });

  it('takes one response, and leaves the prompt and the other responses', async () => {
    const [first = '', second = ''] = made.responseIds;
    await erase('response', first);
    const texts = db.select().from(responses).where(eq(responses.promptId, made.promptId)).all();
    const gone = texts.filter(({ content }) => content === '(erased)');
    expect([texts.length, gone.map(({ id }) => id)]).toEqual([3, [first]]);
    expect(filesWith(SECRET_ANSWER)).toEqual([]);
    expect(filesWith('wrote:\n"rest for a week"')).toEqual(['plumbline.db']);
    const pair = {
      projectId: world.projectId,
      promptId: made.promptId,
      responseIds: [first, second],
      overlap: 1,
    };
    expect(() => createTask({ ctx: researcher(), input: pair })).toThrow('is no response');
    expect((await check()).findings).toEqual([]);
  });

  it('tells where else the text stands, and waits while an import is read', async () => {
    db.transaction(() => {
      const messages = [{ role: 'user' as const, content: `${SECRET_PROMPT} Why?` }];
      addPrompt({ ctx: researcher(), input: { projectId: world.projectId, messages } });
    });
    mkdirSync(path.join(dataFolder, 'registered/own'), { recursive: true });
    writeFileSync(path.join(dataFolder, 'registered/own/README.md'), SECRET_ANSWER);
    db.transaction(() => db.update(imports).set({ status: 'running' }).run());
    await expect(erase('prompt', made.promptId)).rejects.toThrow('import');
    db.transaction(() => db.update(imports).set({ status: 'done' }).run());
    const { leftIn } = await erase('prompt', made.promptId);
    expect(leftIn).toEqual(['registered/own/README.md', expect.stringContaining('plumbline.db')]);
  });

  it('goes on after it was killed at any step', async () => {
    const input = {
      projectId: world.projectId,
      kind: 'prompt' as const,
      subjectId: made.promptId,
      reason: REASON,
    };
    const { erasureId } = eraseText({ ctx: owner(), input });
    await killedAtEachWrite(erasureId);
    expect(filesWith(SECRET_PROMPT, SECRET_ANSWER, SECRET_RATIONALE)).toEqual([]);
    expect((await check()).findings).toEqual([]);
  });
});

describe('erasing a person', () => {
  it('takes name, mail, rationales and all that signs in; judgments stay under the pseudonym', async () => {
    const { annotator: userId, owner: ownerId } = world.userIds;
    beginSession({ ctx: ctxOf(userId), input: { userId, address: '192.0.2.1', userAgent: 'Firefox' } });
    createToken({ ctx: ctxOf(userId), input: { name: `${NAME}’s script`, scopes: ['read'] } });
    db.transaction(() =>
      db
        .insert(accounts)
        .values({ provider: 'oidc', providerAccountId: 'sub-1', userId, createdAt: 1 })
        .run(),
    );
    const { pseudonym } = db.select().from(memberships).where(eq(memberships.userId, userId)).get() ?? {};
    const installationOwner: Ctx = {
      ...owner(),
      actor: { type: 'user', userId: ownerId, isInstanceOwner: true },
    };
    expect(filesWith(MAIL, NAME, SECRET_RATIONALE)).toContain('plumbline.db');
    const { erasureId } = erasePerson({ ctx: installationOwner, input: { userId, reason: REASON } });
    expect(db.select().from(sessions).where(eq(sessions.userId, userId)).get()?.endedAt).not.toBeNull();
    await carryOutErasure({ ctx: job(), input: { erasureId } });
    expect(filesWith(MAIL, NAME, SECRET_RATIONALE)).toEqual([]);
    const person = db.select().from(users).where(eq(users.id, userId)).get();
    expect(person).toMatchObject({ name: 'Erased person', email: null, passwordHash: null });
    for (const table of [sessions, apiTokens, accounts])
      expect(db.select().from(table).where(eq(table.userId, userId)).all()).toEqual([]);
    const said = db.select().from(judgments).where(eq(judgments.annotatorId, userId)).all();
    expect(said).toHaveLength(4);
    world.advance(1000);
    const next = await createSnapshot({ ctx: researcher(), input: { projectId: world.projectId } });
    expect(next.counts).toMatchObject({ kept: 4, dropped: {} });
    const raw = readFileSync(path.join(dataFolder, 'snapshots', next.snapshotId, 'raw.jsonl'), 'utf8');
    expect(raw).toContain(`"annotator_pseudonym":"${pseudonym}"`);
    const { findings, erased } = await check();
    expect(findings).toEqual([]);
    expect(erased).toEqual([expect.stringContaining(`person ${userId}, `)]);
  });

  it('keeps no salt of what was said, wherever it was killed', async () => {
    const { annotator: userId, owner: ownerId } = world.userIds;
    beginSession({ ctx: ctxOf(userId), input: { userId, address: '192.0.2.1', userAgent: 'Firefox' } });
    const by = { type: 'user', userId: ownerId, isInstanceOwner: true } as const;
    const asked = { userId, reason: REASON };
    const { erasureId } = erasePerson({ ctx: { ...owner(), actor: by }, input: asked });
    const theirs = db.select().from(judgments).where(eq(judgments.annotatorId, userId)).all();
    const said = theirs.flatMap(({ id, rationale }) => (rationale === '' ? [] : [id]));
    const [session] = db.select().from(sessions).where(eq(sessions.userId, userId)).all();
    const keys = [...said, userId, session?.id ?? ''];
    await killedAtEachWrite(erasureId);
    expect(filesWith(MAIL, NAME, SECRET_RATIONALE)).toEqual([]);
    const earlier = db.$client.prepare(
      `select table_name from audit_rows a where row_key in (select value from json_each(?)) and salt is not null
       and seq < (select max(seq) from audit_rows l where l.table_name = a.table_name and l.row_key = a.row_key)`,
    );
    expect([keys.length, earlier.all(JSON.stringify(keys))]).toEqual([3, []]);
    expect((await check()).findings).toEqual([]);
  });

  it('is refused to all but the owner of the installation, for oneself, and where a project would have no owner', () => {
    const { annotator, owner: ownerId } = world.userIds;
    expect(() => erasePerson({ ctx: owner(), input: { userId: annotator, reason: REASON } })).toThrow(
      'owner',
    );
    const as = (userId: string): Ctx => ({
      ...owner(),
      actor: { type: 'user', userId, isInstanceOwner: true },
    });
    expect(() => erasePerson({ ctx: as(annotator), input: { userId: annotator, reason: REASON } })).toThrow(
      'yourself',
    );
    expect(() => erasePerson({ ctx: as(annotator), input: { userId: ownerId, reason: REASON } })).toThrow(
      'owner',
    );
  });
});

describe('npm run erase', () => {
  const run = (...args: string[]) => {
    const command = ['--import', 'tsx', 'server/cli/erase.ts', ...args, '--data', dataFolder];
    return spawnSync(process.execPath, command, { encoding: 'utf8' });
  };
  const project = () => world.projectId.replace('_', '-');
  const rows = (table: string) => db.$client.prepare(`select * from ${table}`).all();

  it('says what would go and changes nothing; then it goes, and verify says who asked', async () => {
    const asked = ['--project', project(), '--prompt', made.promptId, '--json'];
    const before = ['prompts', 'audit_log', 'erasures', 'jobs', 'snapshots'].map(rows);
    const dry = run(...asked, '--dry-run');
    expect(dry.stderr).toBe('');
    const preview = JSON.parse(dry.stdout) as Record<string, unknown>;
    expect(preview).toMatchObject({
      ...{ ok: true, dryRun: true, prompts: 1, responses: 3, tasks: 2, openSeats: 2, judgments: 1 },
      ...{ snapshots: [snapshotId], exports: [exportId], leftIn: [], masked: ['logs/web.log'] },
    });
    expect(preview.removed).toEqual([path.join('imports', 'imp_1'), expect.stringMatching(/0008_sessions/)]);
    expect(['prompts', 'audit_log', 'erasures', 'jobs', 'snapshots'].map(rows)).toEqual(before);
    expect(filesWith(SECRET_PROMPT)).not.toEqual([]);
    const real = run(...asked, '--reason', REASON);
    expect([real.status, real.stderr]).toEqual([0, 'erase: no worker is at work, it is done here\n']);
    expect(JSON.parse(real.stdout)).toMatchObject({
      ...{ dryRun: false, snapshots: 1, exports: 1, judgments: 1, files: 3, leftIn: [] },
    });
    expect(filesWith(SECRET_PROMPT, SECRET_ANSWER, SECRET_RATIONALE)).toEqual([]);
    expect(rows('jobs')).toEqual([expect.objectContaining({ kind: 'erase', status: 'done' })]);
    const { findings, erased } = await check();
    expect(findings).toEqual([]);
    expect(erased).toEqual([expect.stringMatching(`by system: ${REASON}`)]);
    const again = run(...asked, '--reason', REASON);
    expect([again.status, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/erased already/);
  }, 60_000);

  it('erases a person, and refuses who is not of the project, who owns the last of it, and wrong use', async () => {
    const { annotator, owner: ownerId } = world.userIds;
    const dry = run('--person', annotator, '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toMatchObject({ kind: 'person', judgments: 1, snapshots: [snapshotId] });
    const real = run('--project', project(), '--person', annotator, '--reason', REASON, '--json');
    expect(real.status).toBe(0);
    expect(filesWith(MAIL, NAME, SECRET_RATIONALE)).toEqual([]);
    expect((await check()).findings).toEqual([]);
    const wrong: [string[], number, RegExp][] = [
      [['--person', ownerId, '--reason', REASON], 1, /needs an owner/],
      [['--person', 'usr_x', '--project', project(), '--reason', REASON], 2, /nobody who is or was a member/],
      [['--prompt', made.promptId, '--reason', REASON], 2, /--project is missing/],
      [['--prompt', made.promptId, '--project', project()], 2, /--reason is missing/],
      [
        ['--prompt', made.promptId, '--project', project(), '--reason', 'x'],
        2,
        /--reason: expected a reason/,
      ],
      [['--prompt', made.promptId, '--person', annotator, '--reason', REASON], 2, /expected one of --person/],
    ];
    for (const [args, status, message] of wrong) {
      const refused = run(...args);
      expect([refused.status, refused.stdout]).toEqual([status, '']);
      expect(refused.stderr).toMatch(message);
    }
  }, 120_000);
});

it('leaves an erasure to the worker that is at work, and is done when the worker is', async () => {
  const stop = startHeartbeat(dataFolder, () => {});
  const input = {
    projectId: world.projectId,
    kind: 'prompt' as const,
    subjectId: made.promptId,
    reason: REASON,
  };
  const system: Ctx = { ...owner(), actor: { type: 'system' }, now: Date.now };
  const { erasureId } = eraseText({ ctx: system, input });
  const told: string[] = [];
  const waiting = carryOutHere(system, { erasureId, onWait: (who) => told.push(who) });
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(db.$client.prepare('select status from jobs').pluck().all()).toEqual(['queued']);
  await carryOutErasure({ ctx: job(), input: { erasureId } });
  expect(await waiting).toMatchObject({ snapshots: 1, leftIn: [] });
  expect(told).toEqual(['worker']);
  stop();
});

it('keeps the order of a task’s responses that were erased', async () => {
  const before = db.select().from(taskResponses).where(eq(taskResponses.taskId, made.taskId)).all();
  await erase('prompt', made.promptId);
  expect(db.select().from(taskResponses).where(eq(taskResponses.taskId, made.taskId)).all()).toEqual(before);
});

it('lets others run while it looks for thousands of texts', async () => {
  const file = path.join(dataFolder, 'logs/web.log');
  const needles = Array.from({ length: 500 }, (_, i) => Buffer.from(`text ${i}`));
  let turns = 0;
  const count = () => {
    turns += 1;
    waiting = setImmediate(count);
  };
  let waiting = setImmediate(count);
  expect(await placesIn(file, needles)).toEqual([]);
  clearImmediate(waiting);
  expect(turns).toBeGreaterThan(8);
});
