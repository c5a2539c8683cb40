/**
 * Our side of a work, in a process of its own: `worker.ts <job.json> <backend>`. Answers one line of JSON when it is ready and
 * one for each line `round` on standard input, as the peers do; ends with the input.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { loadAddon } from '../../trainer/backends/graph/addon.ts';
import { sizeNativeThreads } from '../../trainer/backends/native-threads.ts';
import { createGenerator } from '../../trainer/generate.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { numParametersIn } from '../../trainer/model/num-parameters.ts';
import { linear } from '../../trainer/ops/linear.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import type { Tensor } from '../../trainer/tensors/tf.ts';
import { dpoStep } from './dpo-step.ts';
import type { Job } from './job.ts';
import { languageModelStep } from './language-model-step.ts';
import { PROBE_SIZE, probeMatrices, productError } from './matmul-probe.ts';
import { rewardModelStep } from './reward-model-step.ts';

/** `first` is the answer when ready; a round answers how many tokens it worked on. */
type Task = { first: Record<string, unknown>; round: () => Promise<number> };

const [jobFile, backendName] = process.argv.slice(2);
if (!jobFile || !backendName) throw new Error('usage: worker.ts <job.json> <backend>');
const job = JSON.parse(readFileSync(jobFile, 'utf8')) as Job;
if (job.kind !== 'probe') sizeNativeThreads(numParametersIn(job.model));
const backend = await chooseBackend(backendName, { threads: Math.min(2, job.threads) });

const task =
  job.kind === 'probe' ? await probe() : job.kind === 'generate' ? await generation() : await training();
answer({ ...task.first, peakRss: peakRssBytes() });
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'round') throw new Error(`worker: unknown line '${line}', expected 'round'`);
  const start = performance.now();
  const tokens = await task.round();
  answer({ seconds: (performance.now() - start) / 1000, tokens, peakRss: peakRssBytes() });
}
process.exit(0);

async function training(): Promise<Task> {
  const model = loadPretrained(job.model);
  const { learningRate, maxGradNorm, precision, batches } = job;
  const adamw = { maxGradNorm, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
  const settings = { ...adamw, learningRate, precision };
  const { run } =
    job.kind === 'dpo'
      ? await dpoStep(model, settings, job)
      : (job.kind === 'reward' ? rewardModelStep : languageModelStep)(model, settings);
  let done = 0;
  const step = (): Promise<number> => run(batches[done++ % batches.length] as number[][]);
  const losses: number[] = [];
  while (losses.length < job.firstSteps) losses.push(await step());
  const tokensPerStep = batches[0]?.flat().length ?? 0;
  return {
    first: { losses },
    round: async () => {
      for (let i = 0; i < job.stepsPerRound; i++) await step();
      return job.stepsPerRound * tokensPerStep;
    },
  };
}

async function generation(): Promise<Task> {
  const { generate } = createGenerator(loadPretrained(job.model));
  const rng = createRng(1, 'bench sampling');
  const common = { promptIds: job.prompts, maxNewTokens: job.newTokens, rng, eosTokenIds: [], padTokenId: 0 };
  const sampled = async (): Promise<number> =>
    (await generate({ ...common, temperature: 1 })).responses.flat().length;
  const greedy = await generate({ ...common, temperature: 0 });
  await sampled();
  return {
    first: { greedy: { tokens: greedy.responses, logProbs: greedy.logProbs } },
    round: async () => {
      let tokens = 0;
      for (let i = 0; i < job.stepsPerRound; i++) tokens += await sampled();
      return tokens;
    },
  };
}

/** How exact this side's matrix product is, and what it runs on. */
async function probe(): Promise<Task> {
  const { left, right } = probeMatrices();
  // linear multiplies by the transpose
  const step = compile('bench probe', ({ x, w }: Record<'x' | 'w', Tensor>) => ({ product: linear(x, w) }));
  const { product } = await step({ x: left, w: transposed(right.data as Float32Array) });
  const error = productError(product.data, { left: left.data, right: right.data }, PROBE_SIZE);
  const tensorflow = backend === 'native' || backend === 'cuda' ? { tensorflow: loadAddon().TF_Version } : {};
  return { first: { error, versions: { node: process.versions.node, ...tensorflow } }, round: async () => 0 };
}

function transposed(data: Float32Array) {
  const result = new Float32Array(data.length);
  for (let i = 0; i < PROBE_SIZE; i++)
    for (let j = 0; j < PROBE_SIZE; j++) result[j * PROBE_SIZE + i] = data[i * PROBE_SIZE + j] as number;
  return { shape: [PROBE_SIZE, PROBE_SIZE], data: result };
}

function peakRssBytes(): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  if (!found) throw new Error('worker: /proc/self/status has no VmHWM');
  return Number(found[1]) * 1024;
}

function answer(fields: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(fields)}\n`);
}
