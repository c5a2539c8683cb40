import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackendName, isNativeInstalled } from '../../trainer/backends/choose.ts';
import { orderOf, realCommands } from './measure-work.ts';
import { prepareJob } from './prepare-inputs.ts';
import { type Side, startSide } from './start-side.ts';
import { median } from './statistics.ts';
import { BACKEND_WORKS, type Work } from './works.ts';

type Variant = { backend: BackendName; threads: number };
export type BackendSpeed = {
  name: string;
  backend: BackendName;
  threads: number;
  tokensPerSecond: { median: number; slowest: number; fastest: number };
  rounds: number;
};

/** Steps before the first round; there is no peer to compare their losses with. */
const WARM_UP_STEPS = 2;

const cores = availableParallelism();
const VARIANTS: Variant[] = [
  { backend: 'simd', threads: 1 },
  ...(cores > 1 ? [{ backend: 'simd', threads: 2 } as const] : []),
  ...(isNativeInstalled() ? [{ backend: 'native', threads: cores } as const] : []),
];

/**
 * How fast this machine trains and generates on each backend: whole training steps (forward, backward, clipping, AdamW) and
 * whole generations, through the same functions as the recipes. Each backend has a process of its own, as in a run, and they take
 * turns in every round, so that a machine that gets busy slows all of them; printed is the median with the slowest and
 * fastest round.
 * @param onResults called after each work with all there is
 * @throws Error when `only` fits no work, or a process ends early
 */
export async function measureBackends(options: {
  only: string;
  rounds: number;
  signal: AbortSignal;
  onResults: (results: BackendSpeed[]) => void;
}): Promise<BackendSpeed[]> {
  const { only, rounds, signal, onResults } = options;
  const works = BACKEND_WORKS.filter(({ name }) => name.includes(only));
  if (works.length === 0)
    throw new Error(
      `--only ${only}: expected part of one of: ${BACKEND_WORKS.map(({ name }) => name).join('; ')}`,
    );
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cores} cores, Node ${process.version}`);
  const results: BackendSpeed[] = [];
  for (const work of works) {
    for (const result of await measure(work, { rounds, signal })) {
      results.push(result);
      const { median: middle, slowest, fastest } = result.tokensPerSecond;
      const label = `${result.name}, ${result.backend}${result.backend === 'simd' ? ` x ${result.threads}` : ''}`;
      console.log(`${label.padEnd(45)} ${String(middle).padStart(7)} tok/s  (${slowest} to ${fastest})`);
    }
    onResults(results);
  }
  return results;
}

/** Tokens per second of each variant in each round, the variants taking turns. */
async function measure(
  work: Work,
  { rounds, signal }: { rounds: number; signal: AbortSignal },
): Promise<BackendSpeed[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  const sides: Side[] = [];
  try {
    const job = await prepareJob(work, { folder, model135M: '', threads: cores, rounds });
    for (const { backend, threads } of VARIANTS) {
      const file = join(folder, `${backend}-${threads}.json`);
      writeFileSync(file, JSON.stringify({ ...job, threads, firstSteps: WARM_UP_STEPS }));
      const command = realCommands(backend, '', {}).ours(file);
      sides.push(await startSide({ name: `${backend} x ${threads}`, command, env: {}, signal }));
    }
    const speeds = sides.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const i of orderOf(round, sides.length)) {
        const { tokens, seconds } = await (sides[i] as Side).round();
        speeds[i]?.push(tokens / seconds);
      }
    }
    return VARIANTS.map((variant, i) => {
      const all = speeds[i] as number[];
      const tokensPerSecond = {
        median: Math.round(median(all)),
        slowest: Math.round(Math.min(...all)),
        fastest: Math.round(Math.max(...all)),
      };
      return { name: work.name, ...variant, tokensPerSecond, rounds };
    });
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}
