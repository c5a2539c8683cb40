/**
 * `npm run demo`: the whole loop on the toy world, through the real verbs and the real worker: import prompts, let a model
 * answer, let simulated annotators judge, fit the reward model, run PPO, export, verify. Prints what it measured. Thirty tasks
 * are left open, for who wants to judge: three one-time links sign a visitor in, as an annotator, a researcher or an auditor.
 *
 *   npm run demo                 leaves the pages up at the end
 *   npm run demo -- --once       exits instead; the links work once npm start runs on the folder
 *   --json                       the last line is one object with the figures
 *   --data <folder>              where everything goes (./data/demo); each run makes a project of its own there
 *   --port <number>              of the pages (3000)
 *   --quick                      a fraction of the work, to see that everything hangs together; its figures mean little
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { projects } from '../db/schema/projects.ts';
import { readOptions, UsageError } from '../server/cli/options.ts';
import { startProgressBar } from '../server/cli/progress-bar.ts';
import { runCommand } from '../server/cli/run-command.ts';
import type { Ctx } from '../server/context.ts';
import { openDataFolder } from '../server/data-folder.ts';
import { isDemoFolder } from '../server/demo-folder.ts';
import { importFile } from '../server/imports/import-file.ts';
import { generateResponses } from '../server/models/generate.ts';
import { registerBundled } from '../server/models/register-bundled.ts';
import { createProject } from '../server/projects/create.ts';
import { startRun } from '../server/runs/start.ts';
import { createSnapshot } from '../server/snapshots/create.ts';
import { exportSnapshot } from '../server/snapshots/export.ts';
import { verifyFolder } from '../server/snapshots/manifest.ts';
import { taskStats } from '../server/tasks/stats.ts';
import { recipes } from '../trainer/config/recipes.ts';
import { allPrompts, matterOf } from '../trainer/toy-world/prompts.ts';
import { ensureOwner } from './demo/ensure-owner.ts';
import { followJob, followRun } from './demo/follow.ts';
import { inviteVisitors } from './demo/invite-visitors.ts';
import { judgeAll } from './demo/judge-all.ts';
import { type DemoFigures, printFigures } from './demo/print-figures.ts';
import { printLinks } from './demo/print-links.ts';
import { startWorker, stopWorker } from './demo/worker-process.ts';

const SEED = 1;
const RESPONSES_PER_PROMPT = 4;
const OPEN_TASKS = 30;

async function demo(): Promise<number> {
  const { options } = readOptions(process.argv.slice(2), {
    once: { type: 'boolean', expected: 'nothing' },
    json: { type: 'boolean', expected: 'nothing' },
    quick: { type: 'boolean', expected: 'nothing' },
    data: { type: 'string', expected: 'a folder' },
    port: { type: 'string', expected: 'a port number' },
  });
  const port = Number(options.port ?? 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new UsageError(`--port "${options.port}": expected a number from 1 to 65535`);
  }
  const numPrompts = (options.quick ? 24 : 960) + OPEN_TASKS;
  const dataFolder = path.resolve(options.data ?? 'data/demo');
  const seconds: Record<string, number> = {};
  const startedAt = performance.now();
  const timed = async <T>(stage: string, work: () => Promise<T> | T): Promise<T> => {
    const start = performance.now();
    const result = await work();
    seconds[stage] = (performance.now() - start) / 1000;
    return result;
  };

  const db = openDataFolder(dataFolder);
  const system: Ctx = { db, actor: { type: 'system' }, dataFolder, now: Date.now };
  const owner = await ensureOwner(system);
  const ctx: Ctx = { ...system, actor: { type: 'user', userId: owner.userId, isInstanceOwner: true } };
  const project = createProject({
    ctx,
    input: {
      name: 'Toy world',
      slug: freeSlug(ctx),
      description:
        'Short English instructions whose true preference is computable. All annotators are simulated.',
      settings: { heldOutShare: 0.2 },
    },
  });
  console.error(`Project ${project.slug} in ${dataFolder}`);

  const worker = startWorker(dataFolder);
  process.once('exit', () => worker.kill('SIGTERM'));
  try {
    const promptFile = path.join(dataFolder, `${project.slug}-prompts.jsonl`);
    const rows = allPrompts(numPrompts, SEED).map((prompt) =>
      // other wordings of a question stay on its side of the split
      JSON.stringify({ prompt, split_group: matterOf(prompt) }),
    );
    writeFileSync(promptFile, `${rows.join('\n')}\n`);
    const imported = await timed('import', () =>
      importFile({ ctx, input: { projectSlug: project.slug, file: promptFile, format: 'prompts' } }),
    );
    if (imported.status !== 'done') throw new Error(`import of ${promptFile}: ${imported.error}`);

    const sftCheckpoint = registerBundled({ ctx, input: { projectId: project.id } });
    await timed('generate', () => {
      const { jobId } = generateResponses({
        ctx,
        input: {
          projectId: project.id,
          checkpointIds: [sftCheckpoint.id],
          numPrompts,
          responsesPerPrompt: RESPONSES_PER_PROMPT,
          temperature: 1,
          maxNewTokens: 32,
          seed: SEED,
          createTasks: true,
        },
      });
      return followJob(ctx, {
        jobId,
        projectId: project.id,
        worker,
        totalResponses: numPrompts * RESPONSES_PER_PROMPT,
      });
    });

    const judgments = await timed('judge', () => {
      const bar = startProgressBar('Judging      ', numPrompts);
      const total = judgeAll(ctx, {
        projectId: project.id,
        seed: SEED,
        leaveOpen: OPEN_TASKS,
        onJudged: (count) => bar.update(count, `${count} judgments`),
      });
      bar.stop();
      return total;
    });

    const snapshot = await timed('snapshot', () =>
      createSnapshot({ ctx, input: { projectId: project.id, seed: SEED } }),
    );

    const rewardRun = await timed('rewardModel', () => {
      const run = startRun({
        ctx,
        input: {
          projectId: project.id,
          recipe: 'reward',
          name: 'Demo reward model',
          config: recipes.reward.presets.toy.config,
          modelCheckpointId: sftCheckpoint.id,
          rewardCheckpointId: null,
          snapshotId: snapshot.snapshotId,
        },
      });
      return followRun(ctx, { runId: run.id, label: 'Reward model ', worker });
    });

    const ppoRun = await timed('ppo', () => {
      const run = startRun({
        ctx,
        input: {
          projectId: project.id,
          recipe: 'ppo',
          name: 'Demo PPO',
          config: { ...recipes.ppo.presets.toy.config, ...(options.quick ? { totalEpisodes: 128 } : {}) },
          modelCheckpointId: sftCheckpoint.id,
          rewardCheckpointId: rewardRun.resultCheckpointId,
          snapshotId: null,
        },
      });
      return followRun(ctx, { runId: run.id, label: 'PPO          ', worker });
    });

    const exported = await timed('export', () =>
      exportSnapshot({
        ctx,
        input: { projectId: project.id, snapshotId: snapshot.snapshotId, format: 'trl' },
      }),
    );
    const verdict = await timed('verify', () =>
      verifyFolder(path.join(dataFolder, 'exports', exported.exportId)),
    );

    seconds.total = (performance.now() - startedAt) / 1000;
    const figures: DemoFigures = {
      rewardModel: pick(rewardRun.summary, ['heldOutAccuracy', 'low', 'high', 'pairs']),
      policy: pick(ppoRun.summary, ['trueRewardBefore', 'trueRewardAfter', 'klToReference']),
      export: { rows: exported.rows, verified: verdict.ok },
      judgments,
      seconds,
      backend: ppoRun.backend ?? 'unknown',
    };
    printFigures(figures);
    if (!verdict.ok) throw new Error(`The export does not verify: ${verdict.file}: ${verdict.message}`);
    const visitors = isDemoFolder(dataFolder) ? await inviteVisitors(ctx, project) : [];
    const openTasks = taskStats({ ctx, input: { projectId: project.id } }).seats.open;
    await stopWorker(worker);
    db.$client.close();
    const address = `http://localhost:${port}`;
    const lines = () => {
      console.log(`\nSign in as ${owner.email} with password ${owner.password}`);
      printLinks(visitors, { address, openTasks });
      const links = Object.fromEntries(visitors.map(({ role, path: link }) => [role, address + link]));
      if (options.json) console.log(JSON.stringify({ ...figures, openTasks, links }));
    };
    if (!options.once) return await servePages({ dataFolder, port, whenReady: lines });
    console.log(`\nPLUMBLINE_DATA=${dataFolder} npm start -- --port ${port} opens the pages.`);
    lines();
    return 0;
  } finally {
    await stopWorker(worker);
  }
}

/** Runs `npm start` on the demo's data until it is stopped; calls `whenReady` once it has said all that it says at its start. */
function servePages({
  dataFolder,
  port,
  whenReady,
}: {
  dataFolder: string;
  port: number;
  whenReady: () => void;
}): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts', '--port', String(port)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PLUMBLINE_DATA: dataFolder },
  });
  child.once('message', whenReady);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 0)));
}

/** toy-world, toy-world-2 ...: every run has a project of its own, and earlier ones stay. */
function freeSlug({ db }: Ctx): string {
  for (let number = 1; ; number++) {
    const slug = number === 1 ? 'toy-world' : `toy-world-${number}`;
    if (!db.select({ id: projects.id }).from(projects).where(eq(projects.slug, slug)).get()) return slug;
  }
}

/** The named figures of a run's summary. Throws when the recipe did not measure one of them. */
function pick<K extends string>(
  summary: Record<string, number> | null,
  keys: readonly K[],
): Record<K, number> {
  return Object.fromEntries(
    keys.map((key) => {
      const value = summary?.[key];
      if (value === undefined) throw new Error(`The run's summary lacks ${key}.`);
      return [key, value];
    }),
  ) as Record<K, number>;
}

await runCommand('demo', demo);
