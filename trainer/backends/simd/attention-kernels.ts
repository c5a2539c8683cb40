/** Attention, decoding and sampling on the simd backend. */
import { expectBelow } from '../../ops/expect-tensor.ts';
import { type Heads, ROPE_ATTENTION, ROPE_ATTENTION_GRADIENT } from '../../ops/rope-attention.ts';
import { expectSlot, ROPE_DECODE_ATTENTION } from '../../ops/rope-decode-attention.ts';
import { refuseLogits, SAMPLE_TOKEN } from '../../ops/sample-token.ts';
import { WRITE_KV_CACHE } from '../../ops/write-kv-cache.ts';
import type { Tensor, TensorInfo } from '../../tensors/tf.ts';
import type { SimdBackend } from './backend.ts';
import { registerSimdKernel } from './kernel-registration.ts';
import { gemmScratchBytes } from './product.ts';

type Inputs<Names extends string> = Record<Names, TensorInfo>;
type Table = Inputs<'positions' | 'cos' | 'sin'>;

/** Rows of scores that the gradient of attention works on at once; the same number as in attention.ts. */
const BLOCK_ROWS = 64;
/** Multiplications that make a second thread worth waking. */
const MINIMUM_WORK = 65_536;

function checkPositions(backend: SimdBackend, op: string, { positions, cos }: Table): void {
  expectBelow(`${op}: positions`, backend.values(positions), cos.shape[0] as number);
}

/** Rotary embedding of rows of heads, forth (1) or back (-1). */
function rotate(
  backend: SimdBackend,
  args: { from: TensorInfo; to: TensorInfo; headDim: number; table: Table; direction: 1 | -1 },
): void {
  const { from, to, headDim, table, direction } = args;
  const [rows, width] = from.shape as [number, number];
  const addresses = [from, to, table.positions, table.cos, table.sin].map((info) => backend.pointer(info));
  backend.run({
    kernel: 'rotateRows',
    units: rows,
    minimum: 8192 / width,
    args: [width / headDim, headDim, ...addresses, direction],
  });
}

export function registerAttentionKernels(): void {
  registerSimdKernel(ROPE_ATTENTION, (inputs, backend, attributes) => {
    const { q, k, v, mask, ...table } = inputs as Table & Inputs<'q' | 'k' | 'v' | 'mask'>;
    const { numHeads, numKvHeads, headDim } = attributes as Heads;
    const [batch, time] = mask.shape as [number, number];
    checkPositions(backend, 'ropeAttention', table);
    const rotatedQ = backend.output(q.shape);
    const rotatedK = backend.output(k.shape);
    rotate(backend, { from: q, to: rotatedQ, headDim, table, direction: 1 });
    rotate(backend, { from: k, to: rotatedK, headDim, table, direction: 1 });
    const weights = backend.output([batch, numHeads, time, time]);
    const y = backend.output(q.shape);
    const addresses = [rotatedQ, rotatedK, v, mask, weights, y].map((info) => backend.pointer(info));
    backend.run({
      kernel: 'attention',
      units: batch * numKvHeads,
      minimum: MINIMUM_WORK / ((numHeads / numKvHeads) * time * time * headDim),
      args: [time, numHeads, numKvHeads, headDim, ...addresses, 1 / Math.sqrt(headDim)],
      scratchBytes: gemmScratchBytes(backend),
    });
    return [y, rotatedQ, rotatedK, weights];
  });

  registerSimdKernel(ROPE_ATTENTION_GRADIENT, (inputs, backend, attributes) => {
    const { rotatedQ, rotatedK, v, weights, dy, ...table } = inputs as Table &
      Inputs<'rotatedQ' | 'rotatedK' | 'v' | 'weights' | 'dy'>;
    const { numHeads, numKvHeads, headDim } = attributes as Heads;
    const [batch, time] = table.positions.shape as [number, number];
    const dq = backend.output(rotatedQ.shape);
    const dk = backend.output(rotatedK.shape);
    const dv = backend.output(v.shape);
    const addresses = [rotatedQ, rotatedK, v, weights, dy, dq, dk, dv].map((info) => backend.pointer(info));
    const scoresOffset = gemmScratchBytes(backend);
    backend.run({
      kernel: 'attentionGradient',
      units: batch * numKvHeads,
      minimum: MINIMUM_WORK / ((numHeads / numKvHeads) * time * time * headDim * 2),
      args: [time, numHeads, numKvHeads, headDim, ...addresses, 1 / Math.sqrt(headDim), scoresOffset],
      scratchBytes: scoresOffset + BLOCK_ROWS * time * 4,
    });
    rotate(backend, { from: dq, to: dq, headDim, table, direction: -1 });
    rotate(backend, { from: dk, to: dk, headDim, table, direction: -1 });
    return [dq, dk, dv];
  });

  registerSimdKernel(ROPE_DECODE_ATTENTION, (inputs, backend, attributes) => {
    const { q, k, v, mask, cacheK, cacheV, slot, ...table } = inputs as Table &
      Inputs<'q' | 'k' | 'v' | 'mask' | 'cacheK' | 'cacheV' | 'slot'>;
    const { numHeads, numKvHeads, headDim } = attributes as Heads;
    const [batch, slots] = mask.shape as [number, number];
    const at = backend.values(slot)[0] as number;
    checkPositions(backend, 'ropeDecodeAttention', table);
    expectSlot(at, slots);
    const y = backend.output(q.shape);
    const caches = [cacheK, cacheV].map((cache) => backend.pointerForWriting(cache as Tensor));
    const { positions, cos, sin } = table;
    const addresses = [q, k, v, positions, cos, sin, mask].map((info) => backend.pointer(info));
    backend.run({
      kernel: 'decodeAttention',
      units: batch * numKvHeads,
      minimum: MINIMUM_WORK / ((numHeads / numKvHeads) * (at + 1) * headDim * 2),
      args: [
        ...[numHeads, numKvHeads, headDim, slots, at, ...addresses, ...caches],
        ...[backend.pointer(y), 1 / Math.sqrt(headDim)],
      ],
      scratchBytes: (headDim + at + 1) * 4,
    });
    return y;
  });

  registerSimdKernel(WRITE_KV_CACHE, (inputs, backend, attributes) => {
    const { k, v, cacheK, cacheV, ...table } = inputs as Table & Inputs<'k' | 'v' | 'cacheK' | 'cacheV'>;
    const { numKvHeads, headDim } = attributes as Heads;
    const [batch, time] = table.positions.shape as [number, number];
    checkPositions(backend, 'writeKvCache', table);
    const caches = [cacheK, cacheV].map((cache) => backend.pointerForWriting(cache as Tensor));
    const { positions, cos, sin } = table;
    const addresses = [k, v, positions, cos, sin].map((info) => backend.pointer(info));
    backend.run({
      kernel: 'writeKvCache',
      units: batch * numKvHeads,
      minimum: 8192 / (time * headDim),
      args: [time, numKvHeads, headDim, cacheK.shape[2] as number, ...addresses, ...caches],
    });
    return [];
  });

  registerSimdKernel(SAMPLE_TOKEN, (inputs, backend, { temperature }) => {
    const { logits, uniforms } = inputs as Inputs<'logits' | 'uniforms'>;
    const [batch, vocab] = logits.shape as [number, number];
    const tokens = backend.output([batch], 'int32');
    const logProbs = backend.output([batch]);
    const addresses = [tokens, logProbs].map((info) => backend.pointer(info));
    backend.run({
      kernel: 'sampleToken',
      units: batch,
      minimum: 2048 / vocab,
      args: [vocab, backend.pointer(logits), backend.pointer(uniforms), temperature as number, ...addresses],
      scratchBytes: vocab * 4,
    });
    const row = backend.values(tokens).indexOf(-1);
    if (row >= 0) refuseLogits(row);
    return [tokens, logProbs];
  });
}
