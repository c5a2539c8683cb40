/** What the config.json of every family has in common: field types, ids, the reward head, and errors that name the field. */
import { z } from 'zod';

/** The part of a model's config that does not depend on its family. */
export type CommonConfig = {
  vocabSize: number;
  hiddenSize: number;
  /** width of the MLP's inside */
  intermediateSize: number;
  numLayers: number;
  numHeads: number;
  /** key/value heads; fewer than numHeads is grouped-query attention */
  numKvHeads: number;
  headDim: number;
  /** the longest sequence the model takes */
  maxPositions: number;
  tieWordEmbeddings: boolean;
  initializerRange: number;
  bosTokenId: number | null;
  eosTokenIds: number[];
  padTokenId: number | null;
  /** ids without a token, which have a row in the embedding but are no outcome: see lmLogits. Not written to config.json */
  vacantIds?: readonly number[];
  /** reward = rewardGain * score + rewardBias (training.md R10); 1 and 0 until the reward model is normalised */
  rewardGain: number;
  rewardBias: number;
  /** by which differences of rewards are divided to be log-odds of preference; absent until the reward model is calibrated */
  rewardTemperature?: number;
};

/** Sizes beyond any model that fits here: a hostile config must not make us allocate or loop without end. */
export const count = z
  .number()
  .int()
  .positive()
  .max(2 ** 24);
export const layerCount = count.max(1000);
const tokenId = z.number().int().min(0);

/** Fields that have the same name in every family's config.json. */
export const commonFields = {
  vocab_size: count,
  initializer_range: z.number().positive().default(0.02),
  bos_token_id: tokenId.nullable().default(null),
  eos_token_id: z.union([tokenId, z.array(tokenId)]).nullish(),
  pad_token_id: tokenId.nullable().default(null),
  num_labels: z.literal(1).optional(),
  id2label: z.record(z.string(), z.string()).nullish(),
  // stored weights would not be what is computed with
  quantization_config: z.null().optional(),
  sliding_window: z.null().optional(),
  is_encoder_decoder: z.literal(false).optional(),
  plumbline_reward_gain: z.number().default(1),
  plumbline_reward_bias: z.number().default(0),
  plumbline_temperature: z.number().positive().optional(),
};
type CommonFields = z.infer<z.ZodObject<typeof commonFields>>;

/** @throws Error that names every field at fault with its value and what was expected */
export function parseFields<T>(schema: z.ZodType<T>, json: unknown, source: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((issue) => {
    const path = issue.path.map(String);
    return `${path.join('.') || '(whole file)'} is ${shown(valueAt(json, path))}: ${issue.message}`;
  });
  throw new Error(`${source}: not a model this trainer supports: ${reasons.join('; ')}`);
}

/** The config's side of commonFields. @throws Error for a reward model with several labels, or an id outside the vocabulary */
export function readCommonFields(
  fields: CommonFields,
  { source, isReward }: { source: string; isReward: boolean },
): Pick<
  CommonConfig,
  | 'vocabSize'
  | 'initializerRange'
  | 'bosTokenId'
  | 'eosTokenIds'
  | 'padTokenId'
  | 'rewardGain'
  | 'rewardBias'
  | 'rewardTemperature'
> {
  if (isReward) {
    const labels = fields.id2label ? Object.keys(fields.id2label).length : (fields.num_labels ?? 2);
    if (labels !== 1) refuse(source, 'num_labels', labels, 'a reward model has exactly one label');
  }
  const eosTokenIds = [fields.eos_token_id ?? []].flat();
  const ids = {
    bos_token_id: [fields.bos_token_id],
    eos_token_id: eosTokenIds,
    pad_token_id: [fields.pad_token_id],
  };
  for (const [field, values] of Object.entries(ids)) {
    const outside = values.find((id) => id !== null && id >= fields.vocab_size);
    if (outside !== undefined)
      refuse(source, field, outside, `expected an id below vocab_size = ${fields.vocab_size}`);
  }
  return {
    vocabSize: fields.vocab_size,
    initializerRange: fields.initializer_range,
    bosTokenId: fields.bos_token_id,
    eosTokenIds,
    padTokenId: fields.pad_token_id,
    rewardGain: fields.plumbline_reward_gain,
    rewardBias: fields.plumbline_reward_bias,
    ...(fields.plumbline_temperature !== undefined && { rewardTemperature: fields.plumbline_temperature }),
  };
}

/** The other way: the common fields of a config.json, with the keys of both older and newer transformers. */
export function writeCommonFields(
  config: CommonConfig,
  { isReward }: { isReward: boolean },
): Record<string, unknown> {
  return {
    bos_token_id: config.bosTokenId,
    dtype: 'float32',
    eos_token_id: config.eosTokenIds.length > 1 ? config.eosTokenIds : (config.eosTokenIds[0] ?? null),
    initializer_range: config.initializerRange,
    pad_token_id: config.padTokenId,
    tie_word_embeddings: config.tieWordEmbeddings,
    torch_dtype: 'float32',
    use_cache: true,
    vocab_size: config.vocabSize,
    ...(isReward
      ? {
          id2label: { '0': 'LABEL_0' },
          label2id: { LABEL_0: 0 },
          plumbline_reward_gain: config.rewardGain,
          plumbline_reward_bias: config.rewardBias,
          ...(config.rewardTemperature !== undefined && { plumbline_temperature: config.rewardTemperature }),
        }
      : {}),
  };
}

export function refuse(source: string, field: string, value: unknown, expected: string): never {
  throw new Error(`${source}: not a model this trainer supports: ${field} is ${shown(value)}: ${expected}`);
}

/** The width of a head. @throws Error when the heads do not divide the model's width */
export function headDimOf(sizes: {
  hiddenSize: number;
  numHeads: number;
  source: string;
  names: { width: string; heads: string };
}): number {
  const { hiddenSize, numHeads, source, names } = sizes;
  const headDim = hiddenSize / numHeads;
  if (!Number.isInteger(headDim))
    refuse(source, names.width, hiddenSize, `expected a multiple of ${names.heads} = ${numHeads}`);
  return headDim;
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, 120);
}

function valueAt(json: unknown, path: string[]): unknown {
  let value = json;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
