import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { formatDuration } from '../../lib/format-duration.ts';
import { chooseBackend, isNativeInstalled } from '../../trainer/backends/choose.ts';
import { createProgress } from '../../trainer/cli/progress.ts';
import { formatRow } from './format-results.ts';
import { makeRows } from './make-rows.ts';
import { type Commands, measureWork, realCommands } from './measure-work.ts';
import { exactSettings, type PeerSetting, peerSettings, sideEnvironment } from './peer-settings.ts';
import { findModel, otherSize, prepareJob, writeMatrices } from './prepare-inputs.ts';
import type { Results } from './row.ts';
import { startSide } from './start-side.ts';
import { FIRST_STEPS, roughSeconds, type Work } from './works.ts';

/** Peak RSS hardly changes from start to start, and each start costs half a minute. */
const MEMORY_ROUNDS = 3;
const START_SECONDS = 10;

/**
 * Measures works beside their peers, both sides on the same machine in turn, and prints a row for each as it is done.
 * @param onRows called whenever there are more results, so that an interrupted run keeps what it has
 * @throws Error when the run cannot begin; a work that fails is noted, and the others go on
 */
export async function compareWithPeers(options: {
  works: readonly Work[];
  rounds: number;
  backend: string | undefined;
  python: string;
  model: string | undefined;
  command: string;
  signal: AbortSignal;
  onRows: (results: Results) => void;
}): Promise<Results> {
  const { works, python, command, signal, onRows } = options;
  const threads = availableParallelism();
  const backend = await chooseBackend(options.backend ?? (isNativeInstalled() ? 'native' : 'simd'));
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  const progress = createProgress(process.stderr);
  try {
    const commands = realCommands(backend, python, sideEnvironment(threads));
    const model135M = works.some(({ model }) => model === '135M') ? findModel(options.model, python) : '';
    const { settings, notes } = peerSettings(folder);
    const replaced = model135M === '' ? null : otherSize(model135M);
    if (replaced) notes.push(replaced);
    const { errors, versions } = await probeSides(settings, { commands, folder, threads, signal });
    if (!versions.trl && works.some(({ peer }) => peer.startsWith('TRL')))
      throw new Error(`${python} has no trl: npm run python -- --peers installs it`);
    const exact = exactSettings(settings, errors);
    for (const line of [...notes, ...exact.notes]) console.log(line);
    const results: Results = {
      command,
      date: new Date().toISOString().slice(0, 10),
      machine: thisMachine(),
      backend,
      versions,
      matmulErrors: errors,
      rows: [],
      failed: [],
    };
    onRows(results);

    const roundsOf = (work: Work) =>
      work.measures === 'peak RSS' ? Math.min(options.rounds, MEMORY_ROUNDS) : options.rounds;
    const settingsOf = (work: Work): PeerSetting[] =>
      // under autocast the products are in bfloat16 whatever float32 ones would be
      work.precision === 'float32' ? exact.settings : settings.filter((one) => isSetUnderAutocast(one));
    const unitsOf = (work: Work) => {
      const sides = settingsOf(work).length + 1;
      return work.measures === 'peak RSS' ? sides * roundsOf(work) : sides * (1 + roundsOf(work));
    };
    const costOf = (work: Work): number => {
      const sides = settingsOf(work).length + 1;
      const start =
        START_SECONDS + roughSeconds(work) * (work.peer === 'transformers generate' ? 2 : FIRST_STEPS);
      const round = work.measures === 'peak RSS' ? 0 : roughSeconds(work) * work.stepsPerRound;
      return sides * (work.measures === 'peak RSS' ? start * roundsOf(work) : start + round * roundsOf(work));
    };
    const total = works.reduce((sum, work) => sum + costOf(work), 0);
    const begin = performance.now();
    let done = 0;
    for (const [i, work] of works.entries()) {
      const left = done === 0 ? total : ((performance.now() - begin) / 1000 / done) * (total - done);
      console.log(
        `${i + 1} of ${works.length}: ${work.name} beside ${work.peer}; ${formatDuration(left)} left in all`,
      );
      progress.start('bench', unitsOf(work));
      try {
        const rounds = roundsOf(work);
        const job = await prepareJob(work, { folder, model135M, threads, rounds });
        let units = 0;
        const onUnit = (detail: string) => progress.update(++units, detail);
        const measured = await measureWork(work, {
          job,
          settings: settingsOf(work),
          rounds,
          commands,
          signal,
          onUnit,
        });
        const note = (work.precision === 'float32' ? [...notes, ...exact.notes] : notes).join('; ');
        const rows = makeRows(work, { ...measured, note });
        results.rows.push(...rows);
        progress.stop();
        for (const row of rows) console.log(formatRow(row));
      } catch (error) {
        progress.stop();
        if (signal.aborted) break;
        const reason = (error as Error).message;
        results.failed.push({ work: work.name, reason });
        console.error(`${work.name}: not measured: ${reason}`);
      }
      onRows(results);
      done += costOf(work);
    }
    return results;
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const isSetUnderAutocast = ({ env }: PeerSetting): boolean =>
  env.PLUMBLINE_BENCH_MATMUL_PRECISION === undefined;

/** Accuracy of a product on our side and under each setting of the peer, and the versions of both. */
async function probeSides(
  settings: readonly PeerSetting[],
  {
    commands,
    folder,
    threads,
    signal,
  }: { commands: Commands; folder: string; threads: number; signal: AbortSignal },
) {
  const file = join(folder, 'probe.json');
  writeFileSync(
    file,
    JSON.stringify({ kind: 'probe', threads, precision: 'float32', matrices: writeMatrices(folder) }),
  );
  const errors: Record<string, number> = {};
  let versions: Record<string, string> = {};
  const sides = [{ name: 'Plumbline', env: {}, command: commands.ours(file) }].concat(
    settings.map(({ name, env }) => ({ name, env, command: commands.peer(file) })),
  );
  for (const { name, env, command } of sides) {
    const side = await startSide({ name, command, env: { ...commands.env, ...env }, signal });
    await side.stop();
    errors[name] = side.first.error ?? Number.NaN;
    versions = { ...versions, ...side.first.versions };
  }
  return { errors, versions };
}

function thisMachine(): Results['machine'] {
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
}
