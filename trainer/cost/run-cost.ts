/** Memory and arithmetic of a run, from what its recipe says of one step. No TensorFlow import. */
import type { Pass, Work } from '../config/definition.ts';
import type { ModelSize } from './model-size.ts';

/** Sizes of the models that passes and memory are told of. */
export type Sizes = Record<Pass['model'], ModelSize>;

const FLOAT_BYTES = 4;
/** Node, TensorFlow and the code, before any model is there. */
const PROCESS_BYTES = 300 * 2 ** 20;
/** Logits, their softmax and their gradient. */
const LOGITS_COPIES = 3;

/**
 * Weights as float32, whatever the file holds; gradients and two moments of what is trained; activations of the largest pass.
 * @returns bytes
 */
export function memoryOf(work: Work, sizes: Sizes, options: { recompute: boolean }): number {
  const held = work.models.reduce((sum, { model, isTrained }) => {
    const { parameters, trainable } = sizes[model];
    const adapter = isTrained && trainable < parameters ? trainable : 0;
    return sum + parameters + adapter + (isTrained ? 3 * trainable : 0);
  }, 0);
  const activations = work.passes.map((pass) => floatsOf(pass, sizes[pass.model], options));
  return PROCESS_BYTES + FLOAT_BYTES * (held + Math.max(0, ...activations));
}

function floatsOf(pass: Pass, size: ModelSize, { recompute }: { recompute: boolean }): number {
  const { numLayers, hiddenSize, blockFloats, vocabSize } = size;
  const logits = LOGITS_COPIES * pass.logits * vocabSize;
  if (pass.kind !== 'train') return pass.tokens * blockFloats + logits;
  const kept = recompute ? numLayers * hiddenSize + blockFloats : numLayers * blockFloats;
  return pass.tokens * kept + logits;
}

/**
 * Two floating-point operations for each parameter and token in the forward pass and four in the backward pass, two of them
 * for the gradient of the weights, which frozen ones have none of; recomputed blocks go forward twice. Attention's products of
 * tokens with tokens are not counted: they are small beside these at the lengths that are trained here.
 * @returns floating-point operations of the whole run, generation apart
 */
export function flopsOf(
  work: Work,
  sizes: Sizes,
  { recompute }: { recompute: boolean },
): { compute: number; generate: number } {
  const total = { compute: 0, generate: 0 };
  for (const pass of work.passes) {
    const { parameters, trainable, blockParameters, hiddenSize, vocabSize } = sizes[pass.model];
    const backward = trainable < parameters ? 2 : 4;
    const perBlock = pass.kind === 'train' ? 2 + backward + (recompute ? 2 : 0) : 2;
    const perLogit = pass.kind === 'train' ? 2 + backward : 2;
    const flops = perBlock * blockParameters * pass.tokens + perLogit * vocabSize * hiddenSize * pass.logits;
    total[pass.kind === 'generate' ? 'generate' : 'compute'] += work.steps * pass.times * flops;
  }
  return total;
}
