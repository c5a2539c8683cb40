/**
 * The most memory that the process of a run holds, from what its recipe says of one step. Each term is what the code holds; the
 * constants are measured (docs/experiments.md, "Memory, told and measured"). No TensorFlow import.
 */
import type { Pass, Work } from '../config/definition.ts';
import type { ModelSize } from './model-size.ts';
import type { Sizes } from './run-cost.ts';

/** Backends of which it is known; cuda keeps its tensors on the device. */
const MEMORY_BACKENDS = ['native', 'simd'] as const;
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
const BFLOAT16_BYTES = 2;
const MEBIBYTE = 2 ** 20;

/**
 * Node, the code and the backend's library with the first graphs or kernels, before a model of any size is there. Native: 470 MiB
 * when a run says its plan, 90 more once its steps are traced and TensorFlow has run them.
 */
const PROCESS_BYTES: Record<MemoryBackend, number> = { native: 560 * MEBIBYTE, simd: 260 * MEBIBYTE };

/** What simd takes from the system beyond what its tensors need, when it grows (trainer/backends/simd/heap.ts). */
const SIMD_GROWTH = 1.125;
/**
 * On simd ops run one by one: what every one has put out is there until the whole gradient is, and gradients of activations beside it.
 * Twice what a backward pass needs was measured (3.7M parameters: 280 MiB where the graph of native needs 130).
 */
const SIMD_KEPT = 2;

/** Logits, their softmax and their gradient. */
const LOGITS_COPIES = 3;

/** What native holds of a block in each graph that it has traced, and how many graphs it keeps (MOST_PROGRAMS there). */
const GRAPH_BYTES_PER_BLOCK = 0.5 * MEBIBYTE;
const MOST_GRAPHS = 48;

/** What native keeps on the host of values that its programs hold (MOST_COPIES in trainer/backends/graph/residency.ts). */
const HOST_COPIES_BYTES = 256 * MEBIBYTE;

/**
 * A checkpoint of native reads weights and moments back piece by piece: the copies kept, as much again that V8 has yet to collect,
 * and the copies of both that go into the file. What is freed stays with the allocator, so the next step comes on top.
 */
const READ_BACK_COPIES = 3;

/**
 * What is there all the time (weights as float32, whatever the file holds, and two moments of what is trained), the gradients and
 * activations of the fullest step, and what a checkpoint leaves.
 * @returns bytes
 */
export function memoryOf(work: Work, sizes: Sizes, options: MemoryOptions): number {
  const held = heldBytes(work, sizes);
  const fullest = Math.max(0, ...work.passes.map((pass) => passBytes(pass, sizes[pass.model], options)));
  const step = held.weights + held.moments + held.gradients + fullest;
  if (options.backend === 'simd') return PROCESS_BYTES.simd + SIMD_GROWTH * step;
  const graphs = work.passes.reduce((sum, { model, shapes = 0 }) => {
    return sum + Math.min(shapes, MOST_GRAPHS) * sizes[model].numLayers * GRAPH_BYTES_PER_BLOCK;
  }, 0);
  // read into arrays first, whose memory the allocator keeps; trained weights make room for what is trained
  const { frozen } = held;
  const readBack = Math.min(held.saved + held.moments, READ_BACK_COPIES * HOST_COPIES_BYTES);
  return PROCESS_BYTES.native + step + graphs + frozen + readBack;
}

/**
 * Of all models: weights; which of these are frozen; what a checkpoint writes (under an adapter all weights, merged); moments and
 * gradients of what is changed.
 */
function heldBytes(work: Work, sizes: Sizes) {
  const held = { weights: 0, frozen: 0, saved: 0, moments: 0, gradients: 0 };
  for (const { model, isTrained } of work.models) {
    const { parameters, trainable } = sizes[model];
    const isWhole = isTrained && trainable >= parameters;
    const changed = FLOAT_BYTES * (isTrained ? trainable : 0);
    held.weights += FLOAT_BYTES * parameters + (isWhole ? 0 : changed);
    held.frozen += isWhole ? 0 : FLOAT_BYTES * parameters;
    held.saved += isTrained ? FLOAT_BYTES * parameters : 0;
    held.moments += 2 * changed;
    held.gradients += changed;
  }
  return held;
}

/** What one way through a model keeps until it is done: activations, logits, and in bfloat16 its matrices once more. */
function passBytes(pass: Pass, size: ModelSize, { recompute, precision, backend }: MemoryOptions): number {
  const { numLayers, hiddenSize, blockParameters, vocabSize } = size;
  const blockFloats = size.blockFloats + size.adapterFloats;
  const logits = LOGITS_COPIES * pass.logits * vocabSize;
  if (pass.kind !== 'train') return FLOAT_BYTES * (pass.tokens * blockFloats + logits);
  const kept = recompute ? numLayers * hiddenSize + blockFloats : numLayers * blockFloats;
  const matrices = precision === 'bfloat16' ? BFLOAT16_BYTES * blockParameters : 0;
  const times = backend === 'simd' ? SIMD_KEPT : 1;
  return times * FLOAT_BYTES * (pass.tokens * kept + logits) + matrices;
}
