import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Agreement, greedyAgrees, lossesAgree } from './agreement.ts';
import type { Job } from './job.ts';
import type { PeerRounds } from './make-rows.ts';
import type { PeerSetting } from './peer-settings.ts';
import { type FirstAnswer, type Side, startSide } from './start-side.ts';
import type { Work } from './works.ts';

/** How to start both sides; the tests put other processes there. */
export type Commands = {
  ours: (jobFile: string) => [string, ...string[]];
  peer: (jobFile: string) => [string, ...string[]];
  env: Record<string, string | undefined>;
};

type Measured = {
  ours: number[];
  peers: PeerRounds[];
  /** largest share of the cores that other processes had in a round; null where nothing was timed */
  others: number | null;
};
type Args = {
  job: Job;
  settings: readonly PeerSetting[];
  rounds: number;
  commands: Commands;
  signal: AbortSignal;
  /** called after each start and each round of a process */
  onUnit: (detail: string) => void;
};

const OURS = 'Plumbline';

export function realCommands(backend: string, python: string, env: Commands['env']): Commands {
  const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  return {
    ours: (jobFile) => [process.execPath, '--import', 'tsx', here('worker.ts'), jobFile, backend],
    peer: (jobFile) => [python, here('peer.py'), jobFile],
    env,
  };
}

/** Runs a work on all sides, one at a time: throughput with all processes loaded, peak RSS from new ones in each round. */
export async function measureWork(work: Work, args: Args): Promise<Measured> {
  const file = join(args.job.folder, 'job.json');
  writeFileSync(file, JSON.stringify(args.job));
  const starts = sidesOf(args, file);
  return work.measures === 'peak RSS'
    ? measureMemory(work, args, starts)
    : measureThroughput(work, args, starts);
}

type Start = { name: string; start: () => Promise<Side> };

/** Ours first, then one of the peer for each setting. */
function sidesOf({ settings, commands, signal }: Args, file: string): Start[] {
  const ours = {
    name: OURS,
    start: () => startSide({ name: OURS, command: commands.ours(file), env: commands.env, signal }),
  };
  return [
    ours,
    ...settings.map(({ name, env }) => ({
      name,
      start: () =>
        startSide({
          name: `the peer (${name})`,
          command: commands.peer(file),
          env: { ...commands.env, ...env },
          signal,
        }),
    })),
  ];
}

async function measureThroughput(work: Work, { rounds, onUnit }: Args, starts: Start[]): Promise<Measured> {
  const sides: Side[] = [];
  try {
    for (const { name, start } of starts) {
      sides.push(await start());
      onUnit(`${name} ready`);
    }
    const speeds = sides.map((): number[] => []);
    let busiest = 0;
    for (let round = 0; round < rounds; round++) {
      for (const i of orderOf(round, sides.length)) {
        const { seconds, tokens, others } = await (sides[i] as Side).round();
        speeds[i]?.push(tokens / seconds);
        busiest = Math.max(busiest, others);
        onUnit(`${starts[i]?.name}: ${(tokens / seconds).toFixed(0)} tok/s`);
      }
    }
    const firsts = sides.map(({ first }) => first);
    return { ...measured(work, starts, speeds, firsts), others: busiest };
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
  }
}

async function measureMemory(work: Work, { rounds, onUnit }: Args, starts: Start[]): Promise<Measured> {
  const peaks = starts.map((): number[] => []);
  const firsts: FirstAnswer[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const i of orderOf(round, starts.length)) {
      const side = await (starts[i] as Start).start();
      await side.stop();
      const mebibytes = (side.first.peakRss ?? Number.NaN) / 2 ** 20;
      peaks[i]?.push(mebibytes);
      firsts[i] = side.first;
      onUnit(`${starts[i]?.name}: ${mebibytes.toFixed(0)} MiB`);
    }
  }
  return { ...measured(work, starts, peaks, firsts), others: null };
}

/** There and back again, so that whoever runs first in one round runs last in the next. */
export function orderOf(round: number, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  return round % 2 === 0 ? order : order.reverse();
}

function measured(work: Work, starts: Start[], values: number[][], firsts: FirstAnswer[]) {
  const [ours, ...peers] = values;
  const peerRounds = peers.map((rounds, i) => ({
    setting: starts[i + 1]?.name as string,
    values: rounds,
    agreement: compareFirst(work, firsts[0] as FirstAnswer, firsts[i + 1] as FirstAnswer),
  }));
  return { ours: ours as number[], peers: peerRounds };
}

function compareFirst(work: Work, ours: FirstAnswer, peer: FirstAnswer): Agreement {
  if (ours.greedy && peer.greedy) return greedyAgrees(ours.greedy, peer.greedy);
  if (ours.losses && peer.losses) return lossesAgree(ours.losses, peer.losses, work.precision);
  throw new Error(`${work.name}: one side gave neither losses nor tokens to compare`);
}
