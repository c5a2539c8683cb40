/** The most memory that the process of a run holds, from what its recipe says of one step. No TensorFlow import. */
import type { Pass, Work } from '../config/definition.ts';
import type { ModelSize } from './model-size.ts';
import type { Sizes } from './run-cost.ts';

/** Backends of which it is known; cuda keeps its tensors on the device. */
export const MEMORY_BACKENDS = ['native', 'simd'] as const;
export type MemoryBackend = (typeof MEMORY_BACKENDS)[number];

export function isMemoryBackend(name: string): name is MemoryBackend {
  return (MEMORY_BACKENDS as readonly string[]).includes(name);
}

export type MemoryOptions = {
  recompute: boolean;
  precision: 'float32' | 'bfloat16';
  backend: MemoryBackend;
};

const FLOAT_BYTES = 4;
const MEBIBYTE = 2 ** 20;
/** Node, the code and the backend's library, before any model is there. */
const PROCESS_BYTES: Record<MemoryBackend, number> = { native: 560 * MEBIBYTE, simd: 300 * MEBIBYTE };
/** Logits, their softmax and their gradient. */
const LOGITS_COPIES = 3;

/** @returns bytes */
export function memoryOf(work: Work, sizes: Sizes, options: MemoryOptions): number {
  let resident = 0;
  let gradients = 0;
  let saved = 0;
  // native keeps what is never written on the host, where it was read into, and in TensorFlow
  const frozenCopies = options.backend === 'native' ? 2 : 1;
  for (const { model, isTrained } of work.models) {
    const { parameters, trainable } = sizes[model];
    const isWhole = isTrained && trainable >= parameters;
    resident += isWhole ? parameters : frozenCopies * parameters;
    if (!isTrained) continue;
    const changed = isWhole ? parameters : trainable;
    resident += 2 * changed + (isWhole ? 0 : changed);
    gradients += changed;
    saved += 3 * changed;
  }
  const activations = Math.max(0, ...work.passes.map((pass) => floatsOf(pass, sizes[pass.model], options)));
  return PROCESS_BYTES[options.backend] + FLOAT_BYTES * (resident + Math.max(gradients + activations, saved));
}

function floatsOf(pass: Pass, size: ModelSize, { recompute }: MemoryOptions): number {
  const { numLayers, hiddenSize, blockFloats, vocabSize } = size;
  const logits = LOGITS_COPIES * pass.logits * vocabSize;
  if (pass.kind !== 'train') return pass.tokens * blockFloats + logits;
  const kept = recompute ? numLayers * hiddenSize + blockFloats : numLayers * blockFloats;
  return pass.tokens * kept + logits;
}
