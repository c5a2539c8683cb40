/** What a model's config alone says of its size. No TensorFlow import: the server tells expected costs from it. */
import type { LoraOptions } from '../config/lora.ts';
import type { ModelConfig } from '../model/config.ts';
import { loraConfigOf } from '../model/lora/lora-options.ts';
import { loraTargets, savedParams } from '../model/lora/lora-targets.ts';
import { paramShapes } from '../model/param-shapes.ts';

export type ModelSize = {
  parameters: number;
  /** what an optimizer changes: all of them, or adapter and head */
  trainable: number;
  /** of matrices that every token is multiplied by; embedding and output layer are not among them */
  blockParameters: number;
  /** floats of one block that its backward pass needs, for each token */
  blockFloats: number;
  /** of its adapter: what each of its layers adds to a token, before and after B; 0 without one */
  adapterFloats: number;
  numLayers: number;
  hiddenSize: number;
  vocabSize: number;
};

const OUTSIDE_BLOCKS = /(^|\.)(embed_tokens|lm_head|score|wte|wpe)\./;

export function numParametersOf(config: ModelConfig): number {
  return [...paramShapes(config).values()].reduce((sum, shape) => sum + scalars(shape), 0);
}

export function modelSize(config: ModelConfig, lora?: LoraOptions): ModelSize {
  const shapes = paramShapes(config);
  const { numLayers, hiddenSize, intermediateSize, vocabSize, headDim } = config;
  const queryWidth = config.numHeads * headDim;
  const keyWidth = config.numKvHeads * headDim;
  // Llama: gate, up, and their product; GPT-2: one product and its activation
  const mlp = (config.family === 'llama' ? 3 : 2) * intermediateSize;
  const adapter = loraConfigOf(lora, config);
  const inBlocks = [...shapes].filter(([name, shape]) => shape.length === 2 && !OUTSIDE_BLOCKS.test(name));
  const parameters = numParametersOf(config);
  return {
    parameters,
    trainable: adapter ? adapterParameters(config, adapter, shapes) : parameters,
    blockParameters: inBlocks.reduce((sum, [, shape]) => sum + scalars(shape), 0),
    adapterFloats: adapter
      ? loraTargets(config, adapter).reduce((sum, { rank, numOut }) => sum + rank + numOut, 0) / numLayers
      : 0,
    // input, two norms, output of attention and MLP, sum; queries and keys before and after rotation; values; attention's result
    blockFloats: 6 * hiddenSize + 3 * queryWidth + 3 * keyWidth + mlp,
    numLayers,
    hiddenSize,
    vocabSize,
  };
}

function adapterParameters(
  config: ModelConfig,
  adapter: NonNullable<ReturnType<typeof loraConfigOf>>,
  shapes: Map<string, number[]>,
): number {
  const added = loraTargets(config, adapter).reduce(
    (sum, { rank, numIn, numOut }) => sum + rank * (numIn + numOut),
    0,
  );
  return savedParams(config, adapter).reduce((sum, name) => sum + scalars(shapes.get(name) ?? [0]), added);
}

function scalars(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}
