import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureOf } from '../../db/audit/capture.ts';
import { newId } from '../../lib/new-id.ts';
import { collectStatements, EXCEPTIONS, exceptionFor, growthOf } from '../../tests/support/query-plans.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import type { Actor } from '../context.ts';
import { carryOutErasure } from '../erasures/carry-out.ts';
import { claimJob } from '../jobs/queue.ts';
import { addSimulatedAnnotator } from '../projects/add-simulated-annotator.ts';
import { appRouter, createCaller } from '../root.ts';
import { addPrompt } from '../tasks/add-prompt.ts';
import { addResponses } from '../tasks/add-responses.ts';
import { createOwnerLink } from '../users/create-owner-link.ts';
import { jobHandlers } from '../worker/job-handlers.ts';
import { verifyDataFolder } from './verify-data-folder.ts';

type Caller = ReturnType<typeof createCaller>;
/** What later calls need of earlier ones. */
const PASSWORD = 'another long password';
const statements = collectStatements();
type Known = Record<string, string>;
type Call = (api: Caller, known: Known, p: { projectId: string }) => unknown;

let world: TrainingWorld;
const known: Known = {};
let api: Caller;

const lease = (known: Known) => ({ seatId: known.seatId ?? '', leaseToken: known.leaseToken ?? '' });
const claim: Call = async (api, known, p) => {
  const { task } = await api.tasks.claim({ ...p, holding: [] });
  if (!task) throw new Error('no task waits');
  Object.assign(known, { seatId: task.seatId, leaseToken: task.leaseToken, taskId: task.taskId });
  task.responses.forEach(({ id }, index) => {
    known[`response${index}`] = id;
  });
};
const answer = (known: Known) => ({
  ...{ ranking: [[known.response0 ?? ''], [known.response1 ?? '']], strength: -1, tieKind: 'none' as const },
  ...{ notRankable: false, flags: {}, rationale: 'since', firstInteractionAt: null, activeMs: 1 },
  ...{ inputKind: 'keyboard' as const, idempotencyKey: newId('key') },
});
const schedule = (p: { projectId: string }) => ({
  ...{ ...p, name: 's', trigger: 'judgments' as const, everyJudgments: 1000, cron: null },
  steps: [{ kind: 'snapshot' as const, key: 'snapshot' }],
});
/** What the worker does of it. */
const carryOut = (input: { erasureId: string }) =>
  carryOutErasure({ ctx: { ...world.ctx, actor: { type: 'job', jobId: 'job_1' } }, input });
const workOff = async (kind: 'make-tasks' | 'verify') => {
  const claimed = claimJob(world.db, { owner: 'w', kinds: [kind], leaseMs: 60_000, now: Date.now() });
  if (!claimed) throw new Error(`no job ${kind} waits`);
  const ctx = { ...world.ctx, actor: { type: 'job' as const, jobId: claimed.job.id } };
  const { handle } = await jobHandlers[kind]();
  const lost = new AbortController().signal;
  await handle({ ...claimed, ctx, backend: null, stopReason: () => null, lost });
};
const id = (known: Known, name: string) => known[name] ?? `no ${name}`;

/** One call of each procedure, in an order in which they can succeed. */
const CALLS: Record<string, Call> = {
  'users.me': (api) => api.users.me(),
  'projects.list': (api) => api.projects.list(),
  'projects.create': (api) => api.projects.create({ name: 'Another' }),
  'projects.bySlug': (api) => api.projects.bySlug({ slug: 'another' }),
  'projects.locate': (api, _, p) => api.projects.locate({ ...p, id: p.projectId }),
  'projects.overview': (api, _, p) => api.projects.overview(p),
  'projects.activity': (api, _, p) => api.projects.activity(p),
  'projects.pipeline': (api, _, p) => api.projects.pipeline(p),
  'projects.memberProgress': (api, _, p) => api.projects.memberProgress(p),
  'projects.update': (api, _, p) => api.projects.update({ ...p, name: 'Renamed', settings: { overlap: 2 } }),
  'projects.guidelines': (api, _, p) => api.projects.guidelines(p),
  'projects.writeGuideline': (api, _, p) =>
    api.projects.writeGuideline({ ...p, text: 'Be fair.', basedOn: 0 }),
  'projects.members': (api, _, p) => api.projects.members(p),
  'projects.changeRole': (api, known, p) =>
    api.projects.changeRole({ ...p, userId: id(known, 'otherId'), role: 'researcher' }),
  'projects.invites': (api, _, p) => api.projects.invites(p),
  'projects.invite': async (api, known, p) => {
    known.inviteToken = (await api.projects.invite({ ...p, role: 'annotator' })).token;
    known.inviteId = (await api.projects.invite({ ...p, role: 'auditor' })).id;
  },
  'projects.revokeInvite': (api, known, p) =>
    api.projects.revokeInvite({ ...p, inviteId: id(known, 'inviteId') }),
  'users.invite': (api, known) => api.users.invite({ token: id(known, 'inviteToken') }),
  'users.acceptInvite': (_, known) =>
    as({ type: 'anonymous' }).users.acceptInvite({
      token: id(known, 'inviteToken'),
      person: { name: 'New', email: 'new@example.org', password: 'correct horse battery' },
    }),
  'users.acceptOwnerLink': (_, known) =>
    as({ type: 'anonymous' }).users.acceptOwnerLink({
      ...{ token: id(known, 'ownerToken'), name: 'Owner', email: 'owner@example.org' },
      password: 'correct horse battery',
    }),
  'users.changePassword': (api) => api.users.changePassword({ revokeTokens: false, newPassword: PASSWORD }),
  'users.sessions': (api) => api.users.sessions(),
  'users.endSession': (api) => api.users.endSession({ sessionId: 'all' }),
  'users.beginSecondFactor': async (api, known) => {
    known.secret = (await api.users.beginSecondFactor()).secret;
  },
  'users.confirmSecondFactor': (api, known) =>
    api.users.confirmSecondFactor({ code: new TOTP({ secret: id(known, 'secret') }).generate() }),
  'users.newRecoveryCodes': (api) => api.users.newRecoveryCodes({ password: PASSWORD }),
  'users.turnOffSecondFactor': (api) => api.users.turnOffSecondFactor({ password: PASSWORD }),
  'users.createResetLink': async (api, known) => {
    const asked = { userId: id(known, 'otherId'), endsSecondFactor: false };
    known.resetToken = (await api.users.createResetLink(asked)).token;
  },
  'users.resetLink': (api, known) => api.users.resetLink({ token: id(known, 'resetToken') }),
  'users.resetPassword': (_, known) =>
    as({ type: 'anonymous' }).users.resetPassword({ token: id(known, 'resetToken'), newPassword: PASSWORD }),
  'users.tokens': (api) => api.users.tokens(),
  'users.createToken': async (api, known) => {
    known.tokenId = (await api.users.createToken({ name: 'script', scopes: ['read'] })).id;
  },
  'users.revokeToken': (api, known) => api.users.revokeToken({ tokenId: id(known, 'tokenId') }),
  'users.setDisabled': (api, known) =>
    api.users.setDisabled({ userId: id(known, 'otherId'), isDisabled: true }),
  'projects.removeMember': (api, known, p) =>
    api.projects.removeMember({ ...p, userId: id(known, 'otherId') }),
  'imports.list': (api, _, p) => api.imports.list(p),
  'imports.get': (api, known, p) => api.imports.get({ ...p, importId: id(known, 'importId') }),
  'imports.rejects': (api, known, p) => api.imports.rejects({ ...p, importId: id(known, 'importId') }),
  'prompts.list': (api, _, p) => api.prompts.list(p),
  'prompts.get': (api, known, p) => api.prompts.get({ ...p, promptId: id(known, 'promptId') }),
  'tasks.create': (api, known, p) =>
    api.tasks.create({
      ...{ ...p, promptId: id(known, 'promptId'), overlap: 1 },
      responseIds: [id(known, 'made0'), id(known, 'made1')],
    }),
  'tasks.createFromPrompts': async (api, _, p) => {
    await api.tasks.createFromPrompts({ ...p, arrange: 'pairs' });
    await workOff('make-tasks');
  },
  'tasks.making': (api, _, p) => api.tasks.making(p),
  'tasks.list': (api, _, p) => api.tasks.list(p),
  'tasks.stats': (api, _, p) => api.tasks.stats(p),
  'tasks.progress': (api, _, p) => api.tasks.progress(p),
  'tasks.claim': claim,
  'tasks.renew': (api, known, p) => api.tasks.renew({ ...p, ...lease(known) }),
  'tasks.reclaim': async (api, known, p) => {
    known.leaseToken = (await api.tasks.reclaim({ ...p, seatId: id(known, 'seatId') })).task.leaseToken;
  },
  'tasks.release': (api, known, p) => api.tasks.release({ ...p, ...lease(known) }),
  'tasks.releaseAll': async (api, known, p) => {
    await claim(api, known, p);
    await api.tasks.releaseAll({ ...p, leases: [lease(known)] });
  },
  'judgments.record': async (api, known, p) => {
    await claim(api, known, p);
    known.judgmentId = (await api.judgments.record({ ...p, ...lease(known), ...answer(known) })).judgmentId;
  },
  'judgments.revise': async (api, known, p) => {
    const revised = {
      ...p,
      judgmentId: id(known, 'judgmentId'),
      ...answer(known),
      rationale: 'on second thought',
    };
    known.judgmentId = (await api.judgments.revise(revised)).judgmentId;
  },
  'tasks.skip': async (api, known, p) => {
    await claim(api, known, p);
    await api.tasks.skip({ ...p, ...lease(known), reason: 'long' });
  },
  'judgments.mine': (api, _, p) => api.judgments.mine(p),
  'judgments.getMine': (api, known, p) =>
    api.judgments.getMine({ ...p, judgmentId: id(known, 'judgmentId') }),
  'judgments.list': (api, _, p) => api.judgments.list(p),
  'judgments.get': (api, known, p) => api.judgments.get({ ...p, judgmentId: id(known, 'judgmentId') }),
  'judgments.person': (api, known, p) => api.judgments.person({ ...p, userId: id(known, 'ownerId') }),
  'tasks.get': (api, known, p) => api.tasks.get({ ...p, taskId: id(known, 'taskId') }),
  'snapshots.create': async (api, known, p) => {
    known.snapshotId = (await api.snapshots.create(p)).snapshotId ?? '';
  },
  'snapshots.preview': (api, _, p) => api.snapshots.preview(p),
  'snapshots.making': (api, _, p) => api.snapshots.making(p),
  'snapshots.compare': (api, known, p) => {
    const snapshotId = id(known, 'snapshotId');
    return api.snapshots.compare({ ...p, snapshotId, otherId: snapshotId });
  },
  'snapshots.list': (api, _, p) => api.snapshots.list(p),
  'snapshots.get': (api, known, p) => api.snapshots.get({ ...p, snapshotId: id(known, 'snapshotId') }),
  'snapshots.sources': (api, _, p) => api.snapshots.sources(p),
  'snapshots.check': (api, known, p) => api.snapshots.check({ ...p, snapshotId: id(known, 'snapshotId') }),
  'snapshots.export': async (api, known, p) => {
    const asked = { ...p, snapshotId: id(known, 'snapshotId'), format: 'trl' as const };
    known.exportId = (await api.snapshots.export(asked)).exportId ?? '';
  },
  'snapshots.checkExport': (api, known, p) =>
    api.snapshots.checkExport({ ...p, exportId: id(known, 'exportId') }),
  'snapshots.exports': (api, _, p) => api.snapshots.exports(p),
  'snapshots.exportFiles': (api, known, p) =>
    api.snapshots.exportFiles({ ...p, exportId: id(known, 'exportId') }),
  'snapshots.judgments': (api, known, p) =>
    api.snapshots.judgments({ ...p, snapshotId: id(known, 'snapshotId') }),
  'snapshots.ofJudgment': (api, known, p) =>
    api.snapshots.ofJudgment({ ...p, judgmentId: id(known, 'judgmentId') }),
  'models.list': (api, _, p) => api.models.list(p),
  'models.lineage': (api, known, p) => api.models.lineage({ ...p, checkpointId: id(known, 'checkpointId') }),
  'models.judgmentLineage': (api, known, p) =>
    api.models.judgmentLineage({ ...p, judgmentId: id(known, 'judgmentId') }),
  'models.files': (api, known, p) => api.models.files({ ...p, checkpointId: id(known, 'checkpointId') }),
  'models.estimates': (api, known, p) =>
    api.models.estimates({ ...p, checkpointId: id(known, 'checkpointId') }),
  'models.promote': (api, known, p) => api.models.promote({ ...p, checkpointId: id(known, 'checkpointId') }),
  'models.add': async (api, known, p) => {
    const source = { from: 'upload' as const, files: ['config.json'] };
    known.registrationId = (await api.models.add({ ...p, modelName: 'own', source })).registrationId;
  },
  'models.cancelAdding': (api, known, p) =>
    api.models.cancelAdding({ ...p, registrationId: id(known, 'registrationId') }),
  // the files have not come: it says so, and must leave nothing behind
  'models.finishUpload': async (api, known, p) => {
    const asked = { ...p, registrationId: id(known, 'registrationId') };
    await expect(api.models.finishUpload(asked)).rejects.toMatchObject({ code: 'CONFLICT' });
  },
  'models.registrations': (api, _, p) => api.models.registrations(p),
  'models.folders': (api, _, p) => api.models.folders(p),
  'models.registerBundled': (api, _, p) => api.models.registerBundled(p),
  'models.generate': (api, known, p) =>
    api.models.generate({
      ...{
        ...p,
        checkpointIds: [id(known, 'checkpointId')],
        numPrompts: 1,
        responsesPerPrompt: 1,
        temperature: 1,
      },
      ...{ maxNewTokens: 4, seed: 1, createTasks: false },
    }),
  'models.generations': async (api, known, p) => {
    known.generateJobId = (await api.models.generations(p))[0]?.jobId ?? '';
  },
  'models.cancelGeneration': (api, known, p) =>
    api.models.cancelGeneration({ ...p, jobId: id(known, 'generateJobId') }),
  'models.ask': async (api, known, p) => {
    const asked = { prompt: 'Why?', modelIds: [id(known, 'checkpointId')], rewardIds: [] };
    known.askId = (await api.models.ask({ ...p, ...asked, temperature: 1, maxNewTokens: 4, seed: 1 })).jobId;
  },
  'models.asked': (api, known, p) => api.models.asked({ ...p, jobId: id(known, 'askId') }),
  'models.cancelAsk': (api, known, p) => api.models.cancelAsk({ ...p, jobId: id(known, 'askId') }),
  'runs.start': async (api, known, p) => {
    for (const name of ['runId', 'otherRunId']) {
      const inputs = { modelCheckpointId: id(known, 'checkpointId'), snapshotId: id(known, 'snapshotId') };
      known[name] = (await api.runs.start({ ...p, recipe: 'reward', ...inputs })).id;
    }
  },
  'runs.estimate': (api, known, p) =>
    api.runs.estimate({ ...p, recipe: 'reward', modelCheckpointId: id(known, 'checkpointId') }),
  'runs.locate': (api, known) => api.runs.locate({ runId: id(known, 'runId') }),
  'runs.list': (api, _, p) => api.runs.list(p),
  'runs.get': (api, known, p) => api.runs.get({ ...p, runId: id(known, 'runId') }),
  'runs.metrics': (api, known, p) => api.runs.metrics({ ...p, runId: id(known, 'runId') }),
  'runs.samples': (api, known, p) => api.runs.samples({ ...p, runId: id(known, 'runId') }),
  'runs.events': (api, known, p) => api.runs.events({ ...p, runId: id(known, 'runId') }),
  'runs.compare': (api, known, p) =>
    api.runs.compare({ ...p, runIds: [id(known, 'runId'), id(known, 'otherRunId')] }),
  'runs.edit': (api, known, p) =>
    api.runs.edit({ ...p, runId: id(known, 'runId'), name: 'renamed', notes: 'why', tags: ['first'] }),
  'runs.pause': (api, known, p) => api.runs.pause({ ...p, runId: id(known, 'runId') }),
  'runs.resume': (api, known, p) => api.runs.resume({ ...p, runId: id(known, 'runId') }),
  'runs.cancel': (api, known, p) => api.runs.cancel({ ...p, runId: id(known, 'runId') }),
  'runs.follow': async (api, known, p) => {
    const followed = await api.runs.follow({ ...p, runId: id(known, 'otherRunId') });
    await (followed as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.();
  },
  'schedules.create': async (api, known, p) => {
    known.scheduleId = (await api.schedules.create(schedule(p))).id;
  },
  'schedules.list': (api, _, p) => api.schedules.list(p),
  'schedules.update': (api, known, p) =>
    api.schedules.update({ ...schedule(p), scheduleId: id(known, 'scheduleId'), name: 'renamed' }),
  'schedules.toggle': (api, known, p) =>
    api.schedules.toggle({ ...p, scheduleId: id(known, 'scheduleId'), enabled: false }),
  'schedules.runNow': async (api, known, p) => {
    await api.schedules.runNow({ ...p, scheduleId: id(known, 'scheduleId') });
    known.executionId = world.db.$client.prepare('select id from chain_executions').pluck().get() as string;
  },
  'chains.pause': (api, known, p) => api.chains.pause({ ...p, executionId: id(known, 'executionId') }),
  'chains.resume': (api, known, p) => api.chains.resume({ ...p, executionId: id(known, 'executionId') }),
  'chains.cancel': (api, known, p) => api.chains.cancel({ ...p, executionId: id(known, 'executionId') }),
  'schedules.delete': (api, known, p) => api.schedules.delete({ ...p, scheduleId: id(known, 'scheduleId') }),
  'backups.state': (api) => api.backups.state(),
  'backups.setSchedule': (api) => api.backups.setSchedule({ enabled: true, cron: '0 3 * * *', keep: 7 }),
  'backups.ask': (api) => api.backups.ask(),
  'audit.list': (api, _, p) => api.audit.list(p),
  'audit.verify': async (api, _, p) => {
    await api.audit.verify(p);
    await workOff('verify');
  },
  'audit.check': (api, _, p) => api.audit.check(p),
  'projects.archived': (api) => api.projects.archived(),
  // not the project that the others are of: nothing could be done in it any more
  'projects.archive': async (api, known) => {
    known.archivedId = (await api.projects.create({ name: 'Old', slug: 'old' })).id;
    await api.projects.archive({ projectId: known.archivedId, days: 1 });
  },
  'projects.bringBack': (api, known) => api.projects.bringBack({ projectId: id(known, 'archivedId') }),
  'withdrawals.tainted': (api, known, p) => api.withdrawals.tainted({ ...p, userId: id(known, 'judgeId') }),
  'withdrawals.withdraw': async (api, known, p) => {
    const asked = { ...p, userId: id(known, 'judgeId'), reason: 'asked for', refit: true };
    known.withdrawalId = (await api.withdrawals.withdraw(asked)).withdrawalId;
  },
  'withdrawals.takeBack': (api, known, p) =>
    api.withdrawals.takeBack({ ...p, withdrawalId: id(known, 'withdrawalId') }),
  'erasures.text': async (api, known, p) => {
    const named = { kind: 'prompt' as const, subjectId: id(known, 'promptId'), reason: 'asked for' };
    await carryOut(await api.erasures.text({ ...p, ...named }));
  },
  'erasures.person': async (api, known) =>
    carryOut(await api.erasures.person({ userId: id(known, 'otherId'), reason: 'asked for' })),
  'erasures.list': (api, _, p) => api.erasures.list(p),
};

const as = (actor: Actor) =>
  createCaller({ db: world.db, actor, dataFolder: world.dataFolder, now: Date.now });

beforeAll(async () => {
  world = await createTrainingWorld();
  const { db, projectId, ctx, model } = world;
  known.ownerToken = createOwnerLink({ ctx }) ?? '';
  world.judge(8);
  const owner = db.$client
    .prepare(`select user_id from memberships where role = 'owner'`)
    .pluck()
    .get() as string;
  api = as({ type: 'user', userId: owner, isInstanceOwner: true });
  known.otherId = db.$client
    .prepare(`select user_id from memberships where role = 'auditor'`)
    .pluck()
    .get() as string;
  known.ownerId = owner;
  known.judgeId = db.$client
    .prepare('select annotator_id from judgments where id = (select max(id) from judgments)')
    .pluck()
    .get() as string;
  known.checkpointId = model.id;
  db.transaction(() => {
    const messages = [{ role: 'user' as const, content: 'Which of three?' }];
    known.promptId = addPrompt({ ctx, input: { projectId, messages } }).promptId;
    const responses = ['one', 'two', 'three'].map((content) => ({ content, origin: 'imported' as const }));
    const made = addResponses({ ctx, input: { promptId: known.promptId, responses } });
    made.forEach((name, index) => {
      known[`made${index}`] = name;
    });
  });
  addSimulatedAnnotator({ ctx: { ...ctx, actor: { type: 'system' } }, input: { projectId, name: 'sim' } });
}, 120_000);
afterAll(() => world?.close());

const run = (command: string, args: string[]) => {
  const file = `server/cli/${command}.ts`;
  return spawnSync(process.execPath, ['--import', 'tsx', file, ...args], { encoding: 'utf8' });
};
const slug = () =>
  world.db.$client.prepare('select slug from projects where id = ?').pluck().get(world.projectId) as string;

/** One run of each command of the command line on the folder. */
const COMMANDS: Record<string, (folder: string) => { args: string[]; status: number }> = {
  agreement: () => ({ args: ['--project', slug()], status: 0 }),
  import: (folder) => {
    const file = path.join(folder, 'rows.jsonl');
    const row = { prompt: 'Sky?', chosen: 'blue', rejected: 'green' };
    writeFileSync(file, `${JSON.stringify(row)}\n`);
    return { args: ['--project', slug(), '--format', 'trl-preference', file], status: 0 };
  },
  export: (folder) => ({
    args: ['--project', slug(), '--format', 'trl', '--out', path.join(folder, 'out')],
    status: 0,
  }),
  erase: () => {
    const { ctx, projectId } = world;
    const messages = [{ role: 'user' as const, content: 'A prompt that the command line erases.' }];
    const { promptId } = world.db.transaction(() => addPrompt({ ctx, input: { projectId, messages } }));
    return { args: ['--project', slug(), '--prompt', promptId, '--reason', 'asked for'], status: 0 };
  },
  // there is no model in the folder: what is refused must leave the log whole too
  register: (folder) => ({ args: ['--project', slug(), '--model', folder], status: 1 }),
  backup: (folder) => ({ args: ['--out', path.join(folder, 'backup')], status: 0 }),
  restore: (folder) => {
    const made = run('backup', ['--out', path.join(folder, 'backup'), '--data', world.dataFolder]);
    expect(made.status).toBe(0);
    const restored = path.join(folder, 'restored');
    return { args: ['--from', path.join(folder, 'backup'), '--data', restored], status: 0 };
  },
  prove: (folder) => {
    const [judgment] = world.db.$client.prepare('select id from judgments limit 1').pluck().all() as string[];
    return { args: ['--judgment', judgment ?? '', '--out', path.join(folder, 'proof.json')], status: 0 };
  },
  verify: () => ({ args: [world.dataFolder], status: 0 }),
};
/** Files of server/cli that are no commands. */
const HELPERS = [
  'import-export.test.ts',
  'open-existing.ts',
  'options.ts',
  'progress-bar.ts',
  'run-command.ts',
];

describe('a data folder', { timeout: 240_000 }, () => {
  it('is intact after every procedure and every command, and all they write is recorded as they write it', async () => {
    for (const [command, prepare] of Object.entries(COMMANDS)) {
      if (command === 'verify') continue;
      const folder = mkdtempSync(path.join(tmpdir(), 'every-command-'));
      const { args, status } = prepare(folder);
      const done = run(command, args.includes('--data') ? args : [...args, '--data', world.dataFolder]);
      expect({ command, status: done.status, stderr: done.stderr }).toMatchObject({ command, status });
      if (command === 'restore')
        expect(run('verify', [path.join(folder, 'restored')]).stdout).toMatch(/^Intact/);
      rmSync(folder, { recursive: true });
    }
    known.importId = world.db.$client.prepare('select id from imports').pluck().get() as string;
    const capture = captureOf(world.db.$client);
    capture?.outside.splice(0);
    const failed: string[] = [];
    for (const [name, call] of Object.entries(CALLS)) {
      try {
        await call(api, known, { projectId: world.projectId });
      } catch (error) {
        failed.push(`${name}: ${error instanceof Error ? error.message : error}`);
      }
      expect({ name, outside: capture?.outside, waiting: [...(capture?.touched ?? [])] }).toEqual({
        ...{ name, outside: [], waiting: [] },
      });
    }
    expect(failed).toEqual([]);
    const { findings, notCovered } = await verifyDataFolder(world.db, world.dataFolder);
    expect({ findings, notCovered }).toEqual({ findings: [], notCovered: [] });
    const checked = run('verify', COMMANDS.verify?.('').args ?? []);
    expect(checked.stdout).toMatch(/^Intact/);
  });

  it('waits for no statement that grows with it', () => {
    const used = new Set<string>();
    const growing: string[] = [];
    for (const sql of statements) {
      const growth = growthOf(world.db.$client, sql);
      if (growth === null) continue;
      const known = exceptionFor(sql);
      if (known) used.add(known);
      else growing.push(`${growth}\n    ${sql.replace(/\s+/g, ' ')}`);
    }
    expect(growing.join('\n\n')).toBe('');
    expect(EXCEPTIONS.filter(({ part }) => !used.has(part))).toEqual([]);
  });

  it('has had them all', () => {
    expect(Object.keys(CALLS).sort()).toEqual(Object.keys(appRouter._def.procedures).sort());
    const files = readdirSync('server/cli').filter((name) => !HELPERS.includes(name));
    expect(files.sort()).toEqual(
      Object.keys(COMMANDS)
        .map((name) => `${name}.ts`)
        .sort(),
    );
  });
});
