/**
 * Batched sampling with a key/value cache and our own seeded sampler (tfjs' multinomial cannot be reproduced).
 * What is sampled is exactly softmax(logits / temperature): no top-k, top-p or repetition penalty, since anything else
 * makes the sampled distribution differ from the scored one (training.md P1, P2).
 */

import type { Rng } from '../lib/rng.ts';
import type { ModelConfig } from './model/config.ts';
import { decodeHidden, lmLogits, prefillHidden } from './model/decoder.ts';
import { createKvCache, disposeKvCache, type KvCache } from './model/kv-cache.ts';
import type { Params } from './model/params.ts';
import { positionsFromMask } from './model/positions.ts';
import type { TokenBatch } from './model/token-batch.ts';
import { sampleToken } from './ops/sample-token.ts';
import { compile, type HostTensor } from './tensors/compile.ts';
import { type Tensor, tf } from './tensors/tf.ts';

export type GenerateArgs = {
  /** at least one token each; lengths may differ */
  promptIds: readonly (readonly number[])[];
  maxNewTokens: number;
  /** 0 takes the most probable token every time */
  temperature: number;
  /** one fork of it per prompt, so a row's draws depend on its place in the stream and not on its batch mates */
  rng: Rng;
  eosTokenIds: readonly number[];
  padTokenId: number;
  /** no EOS before this many tokens; above 0 the log-probabilities are those of the restricted distribution */
  minNewTokens?: number;
};

export type Generated = {
  /** sampled tokens, the EOS that ended a row included, never padded */
  responses: number[][];
  /** log-probability of each of them at this temperature (at 1 for temperature 0) */
  logProbs: number[][];
  /** whether the row ended by itself */
  ended: boolean[];
};

/** Continues prompts with one model. It keeps its compiled steps and caches: what native traces once serves every call. */
export type Generator = {
  /**
   * Continues every prompt by up to maxNewTokens tokens and stops early once every row has ended. Prompts are left-padded
   * to one width. @throws Error when a prompt is empty, an id is outside the vocabulary, or the positions run out
   */
  generate(args: GenerateArgs): Promise<Generated>;
  /** Frees the caches, not the model. */
  dispose(): void;
};

type Model = { params: Params; config: ModelConfig };

const LARGEST_BELOW_ONE = 1 - 2 ** -24;
/** far below any logit, and finite, so that no 0 * -Infinity can arise */
const BANNED = -1e9;
/** Prompts are padded to a multiple of this, so that few widths are traced. */
const WIDTH_STEP = 8;
/** Cache slots are rounded up to this; slots that nothing was written to cost next to nothing. */
const SLOT_STEP = 32;
/** Caches kept at a time, for as many sizes of batch and length. */
const MOST_CACHES = 4;

/** A generator of this model; it reads the parameters as they are at each call. */
export function createGenerator(model: Model): Generator {
  const engines = new Map<string, Engine>();
  const engineFor = (batch: number, slots: number): Engine => {
    const key = `${batch}x${slots}`;
    const engine = engines.get(key) ?? createEngine(model, { batch, slots });
    // the one unused for longest comes first
    engines.delete(key);
    engines.set(key, engine);
    const [oldest] = engines;
    if (engines.size > MOST_CACHES && oldest) {
      disposeKvCache(oldest[1].cache);
      engines.delete(oldest[0]);
    }
    return engine;
  };
  return {
    generate: async (args) => {
      checkArguments(model.config, args);
      return args.promptIds.length === 0
        ? { responses: [], logProbs: [], ended: [] }
        : continuePrompts(model.config, args, engineFor);
    },
    dispose: () => {
      for (const { cache } of engines.values()) disposeKvCache(cache);
      engines.clear();
    },
  };
}

/** One call of a generator that is not kept. */
export async function generate({ params, config, ...args }: Model & GenerateArgs): Promise<Generated> {
  const generator = createGenerator({ params, config });
  try {
    return await generator.generate(args);
  } finally {
    generator.dispose();
  }
}

async function continuePrompts(
  config: ModelConfig,
  args: GenerateArgs,
  engineFor: (batch: number, slots: number) => Engine,
): Promise<Generated> {
  const { promptIds, maxNewTokens, temperature } = args;
  const batch = promptIds.length;
  const width = roundUp(Math.max(...promptIds.map((ids) => ids.length)), WIDTH_STEP);
  const slots = roundUp(width + maxNewTokens, SLOT_STEP);
  const eos = new Set(args.eosTokenIds);
  const streams = temperature === 0 ? null : promptIds.map(() => args.rng.fork());
  const uniforms = (): HostTensor => ({
    shape: [batch],
    // a double just under 1 would round up to 1 in float32
    data: Float32Array.from({ length: batch }, (_, row) =>
      Math.min(streams?.[row]?.uniform() ?? 0, LARGEST_BELOW_ONE),
    ),
  });
  const minNewTokens = args.minNewTokens ?? 0;
  const bias = (tokensSoFar: number): HostTensor => {
    if (minNewTokens === 0) return { shape: [1, 1], data: new Float32Array(1) };
    const data = new Float32Array(config.vocabSize);
    if (tokensSoFar < minNewTokens) for (const id of eos) data[id] = BANNED;
    return { shape: [1, config.vocabSize], data };
  };

  const responses: number[][] = promptIds.map(() => []);
  const logProbs: number[][] = promptIds.map(() => []);
  const ended: boolean[] = promptIds.map(() => false);
  const maskBS = new Int32Array(batch * slots);
  promptIds.forEach((ids, row) => {
    maskBS.fill(1, row * slots + width - ids.length, row * slots + width);
  });

  const { prefill, decode } = engineFor(batch, slots).steps(temperature, minNewTokens > 0);
  let drawn = await prefill({
    ...leftPadded(promptIds, width, args.padTokenId),
    uniformsB: uniforms(),
    bias1V: bias(0),
  });
  for (let count = 1; ; count++) {
    for (let row = 0; row < batch; row++) {
      if (ended[row]) continue;
      const token = drawn.tokensB.data[row] as number;
      responses[row]?.push(token);
      logProbs[row]?.push(drawn.logProbsB.data[row] as number);
      ended[row] = eos.has(token);
    }
    if (count === maxNewTokens || ended.every(Boolean)) break;

    const slot = width + count - 1;
    const idsB = new Int32Array(batch);
    const positionsB = new Int32Array(batch);
    for (let row = 0; row < batch; row++) {
      // an ended row goes on as padding that nothing looks at
      if (ended[row]) continue;
      idsB[row] = drawn.tokensB.data[row] as number;
      positionsB[row] = (promptIds[row] as readonly number[]).length + count - 1;
      maskBS[row * slots + slot] = 1;
    }
    drawn = await decode({
      idsB: { shape: [batch], data: idsB },
      positionsB: { shape: [batch], data: positionsB },
      maskBS: { shape: [batch, slots], data: maskBS },
      slot: { shape: [], data: Int32Array.of(slot) },
      uniformsB: uniforms(),
      bias1V: bias(count),
    });
  }
  return { responses, logProbs, ended };
}

type SampleInputs = { uniformsB: Tensor; bias1V: Tensor };
type PrefillInputs = TokenBatch & SampleInputs;
type DecodeInputs = SampleInputs & Record<'idsB' | 'positionsB' | 'maskBS' | 'slot', Tensor>;

type Steps = ReturnType<typeof compileSteps>;
/** A cache of one size, and the steps that use it, compiled once for each way of drawing. */
type Engine = { cache: KvCache; steps: (temperature: number, banEos: boolean) => Steps };

function createEngine(model: Model, size: { batch: number; slots: number }): Engine {
  const cache = createKvCache(model.config, size);
  const compiled = new Map<string, Steps>();
  return {
    cache,
    steps: (temperature, banEos) => {
      const key = `${temperature}/${banEos}`;
      const steps = compiled.get(key) ?? compileSteps({ ...model, cache, temperature, banEos });
      compiled.set(key, steps);
      return steps;
    },
  };
}

function compileSteps(engine: Model & { cache: KvCache; temperature: number; banEos: boolean }) {
  const { params, config, cache, temperature, banEos } = engine;
  const draw = (hiddenBD: Tensor, { uniformsB, bias1V }: SampleInputs) => {
    const logitsBV = lmLogits(params, config, hiddenBD);
    return sampleToken(banEos ? tf.add(logitsBV, bias1V) : logitsBV, uniformsB, temperature);
  };
  return {
    prefill: compile('prefill', (inputs: PrefillInputs) => {
      const [batch, time] = inputs.idsBT.shape as [number, number];
      // left padding puts every row's last token into the last column
      const rowsM = tf.range(time - 1, batch * time, time, 'int32');
      return draw(prefillHidden(params, config, { ...inputs, rowsM, cache }), inputs);
    }),
    decode: compile('decode', (inputs: DecodeInputs) =>
      draw(decodeHidden(params, config, { ...inputs, cache }), inputs),
    ),
  };
}

function leftPadded(promptIds: GenerateArgs['promptIds'], width: number, padTokenId: number) {
  const shape = [promptIds.length, width];
  const ids = new Int32Array(promptIds.length * width).fill(padTokenId);
  const mask = new Int32Array(ids.length);
  promptIds.forEach((prompt, row) => {
    const start = (row + 1) * width - prompt.length;
    ids.set(prompt, start);
    mask.fill(1, start, (row + 1) * width);
  });
  return {
    idsBT: { shape, data: ids },
    maskBT: { shape, data: mask },
    positionsBT: { shape, data: positionsFromMask(mask, width) },
  };
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

function checkArguments(
  config: ModelConfig,
  { promptIds, maxNewTokens, temperature, ...args }: GenerateArgs,
): void {
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1)
    throw new Error(`generate: maxNewTokens ${maxNewTokens} is not 1 or more`);
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new Error(`generate: temperature ${temperature} is not 0 or more`);
  const isToken = (id: number): boolean => Number.isInteger(id) && id >= 0 && id < config.vocabSize;
  for (const id of [...args.eosTokenIds, args.padTokenId]) {
    if (!isToken(id))
      throw new Error(`generate: special token ${id} is outside the vocabulary of ${config.vocabSize}`);
  }
  for (const [row, prompt] of promptIds.entries()) {
    if (prompt.length === 0) throw new Error(`generate: prompt ${row} is empty`);
    const bad = prompt.find((id) => !isToken(id));
    if (bad !== undefined)
      throw new Error(
        `generate: prompt ${row} has token ${bad}, the vocabulary is 0..${config.vocabSize - 1}`,
      );
    if (prompt.length + maxNewTokens > config.maxPositions) {
      throw new Error(
        `generate: prompt ${row} of ${prompt.length} tokens and ${maxNewTokens} new ones pass the model's ${config.maxPositions} positions`,
      );
    }
  }
}
