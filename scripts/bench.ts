/**
 * `npm run bench`: how fast this machine trains and generates. Whole training steps (forward, backward, clipping, AdamW)
 * and whole generations, through the same functions as the recipes. The variants take turns in every round, so that a
 * machine that gets busy slows all of them; printed is the median with the slowest and fastest round.
 * Options: --rounds n (5), --only text (cases whose name holds it), --json file.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type BackendName, chooseBackend, isNativeInstalled } from '../trainer/backend/choose.ts';
import { compile, type HostTensor } from '../trainer/backend/compile.ts';
import type { Tensor } from '../trainer/backend/tf.ts';
import { generate } from '../trainer/generate.ts';
import { crossEntropy } from '../trainer/losses/cross-entropy.ts';
import { type ModelConfig, newModelConfig } from '../trainer/model/config.ts';
import { forwardHidden, lmLogits } from '../trainer/model/decoder.ts';
import { initParams } from '../trainer/model/init-params.ts';
import { countParams, disposeParams } from '../trainer/model/params.ts';
import { tokenLogProbs } from '../trainer/ops/token-log-probs.ts';
import { type AdamWScalars, createAdamW } from '../trainer/optim/adamw.ts';
import { valueAndGrads } from '../trainer/optim/value-and-grads.ts';
import { createRng } from '../trainer/rng.ts';

type Variant = { backend: BackendName; threads: number };
/** Runs the work once and says how many tokens that was. */
type Work = { run: () => number; dispose: () => void };
type Case = { name: string; variants: Variant[]; prepare: () => Work };
type Result = {
  name: string;
  backend: BackendName;
  threads: number;
  tokensPerSecond: { median: number; slowest: number; fastest: number };
  rounds: number;
};

/** A round repeats the work for at least this long. */
const ROUND_MS = 1000;
const SEED = 1;

const TOY = newModelConfig({
  ...{ vocabSize: 512, hiddenSize: 128, intermediateSize: 344, numLayers: 4, numHeads: 4 },
  maxPositions: 256,
});
const SMALL = newModelConfig({
  ...{ vocabSize: 2048, hiddenSize: 256, intermediateSize: 688, numLayers: 4, numHeads: 8 },
  maxPositions: 256,
});
const TINY = newModelConfig({
  ...{ vocabSize: 64, hiddenSize: 32, intermediateSize: 88, numLayers: 2, numHeads: 2 },
  maxPositions: 64,
});

/** One whole training step of language modelling on random tokens. */
function trainStep(config: ModelConfig, batch: number, time: number): Work {
  const rng = createRng(SEED, 'bench');
  const params = initParams(config, rng);
  const optimizer = createAdamW(params, {
    ...{ beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 },
  });
  type Inputs = Record<'idsBT' | 'maskBT' | 'positionsBT' | 'targetsN' | 'weightsN', Tensor>;
  const step = compile('bench step', (inputs: Inputs & AdamWScalars<Tensor>) => {
    const { loss, grads } = valueAndGrads(params, () => {
      const logitsNV = lmLogits(params, config, forwardHidden(params, config, inputs));
      return { loss: crossEntropy(tokenLogProbs(logitsNV, inputs.targetsN), inputs.weightsN) };
    });
    return { loss, gradNorm: optimizer.update(grads, inputs) };
  });
  const ints = (shape: number[], value: (i: number) => number): HostTensor => ({
    shape,
    data: Int32Array.from({ length: batch * time }, (_, i) => value(i)),
  });
  const inputs = {
    idsBT: ints([batch, time], () => rng.integer(config.vocabSize)),
    maskBT: ints([batch, time], () => 1),
    positionsBT: ints([batch, time], (i) => i % time),
    targetsN: ints([batch * time], () => rng.integer(config.vocabSize)),
    weightsN: { shape: [batch * time], data: new Float32Array(batch * time).fill(1 / (batch * time)) },
  };
  return {
    run: () => {
      const { loss } = step({ ...inputs, ...optimizer.advance(1e-3) });
      if (!Number.isFinite(loss.data[0])) throw new Error(`bench: the loss is ${loss.data[0]}`);
      return batch * time;
    },
    dispose: () => {
      optimizer.dispose();
      disposeParams(params);
    },
  };
}

/** One whole generation from random prompts of 16 tokens; counts new tokens. */
function generation(config: ModelConfig, batch: number, maxNewTokens: number): Work {
  const rng = createRng(SEED, 'bench');
  const params = initParams(config, rng);
  const promptIds = Array.from({ length: batch }, () =>
    Array.from({ length: 16 }, () => rng.integer(config.vocabSize)),
  );
  return {
    run: () => {
      const sampling = { maxNewTokens, temperature: 1, eosTokenIds: [], padTokenId: 0 };
      const { responses } = generate({ params, config, promptIds, rng, ...sampling });
      return responses.flat().length;
    },
    dispose: () => disposeParams(params),
  };
}

const simd: Variant[] = [{ backend: 'simd', threads: 1 }];
if (availableParallelism() > 1) simd.push({ backend: 'simd', threads: 2 });
const native: Variant[] = isNativeInstalled() ? [{ backend: 'native', threads: availableParallelism() }] : [];
const fast: Variant[] = [...simd, ...native];
const all: Variant[] = [...fast, { backend: 'cpu', threads: 1 }];

const CASES: Case[] = [
  { name: 'train 0.86M, 16 x 64', variants: fast, prepare: () => trainStep(TOY, 16, 64) },
  { name: 'train 3.7M, 8 x 128', variants: fast, prepare: () => trainStep(SMALL, 8, 128) },
  { name: 'train 0.03M, 4 x 16', variants: all, prepare: () => trainStep(TINY, 4, 16) },
  { name: 'generate 0.86M, batch 1', variants: fast, prepare: () => generation(TOY, 1, 64) },
  { name: 'generate 0.86M, batch 32', variants: fast, prepare: () => generation(TOY, 32, 64) },
];

/** Tokens per second of each variant in each round, the variants taking turns. */
async function measure({ name, variants, prepare }: Case, rounds: number): Promise<Result[]> {
  const speeds = variants.map((): number[] => []);
  const works: Work[] = [];
  for (const { backend, threads } of variants) {
    await chooseBackend(backend, { threads });
    const work = prepare();
    work.run();
    works.push(work);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [i, { backend, threads }] of variants.entries()) {
      await chooseBackend(backend, { threads });
      const start = performance.now();
      let tokens = 0;
      do tokens += (works[i] as Work).run();
      while (performance.now() - start < ROUND_MS);
      speeds[i]?.push((tokens / (performance.now() - start)) * 1000);
    }
  }
  for (const work of works) work.dispose();
  return variants.map((variant, i) => {
    const sorted = (speeds[i] as number[]).sort((a, b) => a - b).map(Math.round);
    const [slowest, median, fastest] = [0, Math.floor(rounds / 2), rounds - 1].map(
      (at) => sorted[at] as number,
    );
    const tokensPerSecond = { median, slowest, fastest } as Result['tokensPerSecond'];
    return { name, ...variant, tokensPerSecond, rounds };
  });
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, only: { type: 'string' }, json: { type: 'string' } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`--rounds is ${values.rounds}, expected 1 or more`);

console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`,
);
for (const config of [TOY, SMALL, TINY]) {
  await chooseBackend('simd');
  const params = initParams(config, createRng(SEED, 'count'));
  const { hiddenSize, numLayers, vocabSize } = config;
  console.log(
    `${(countParams(params) / 1e6).toFixed(2)}M parameters: width ${hiddenSize}, ${numLayers} layers, vocabulary ${vocabSize}`,
  );
  disposeParams(params);
}
const results: Result[] = [];
for (const one of CASES.filter(({ name }) => name.includes(values.only ?? ''))) {
  for (const result of await measure(one, rounds)) {
    results.push(result);
    const { median, slowest, fastest } = result.tokensPerSecond;
    const label = `${result.name}, ${result.backend}${result.backend === 'simd' ? ` x ${result.threads}` : ''}`;
    console.log(`${label.padEnd(38)} ${String(median).padStart(7)} tok/s  (${slowest} to ${fastest})`);
  }
}
if (values.json) {
  const machine = { processor: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  writeFileSync(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}
