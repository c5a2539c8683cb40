/**
 * A model in llama2.c's first file format (github.com/karpathy/llama2.c, export.py, legacy_export): seven int32 sizes, then
 * float32 weights in a fixed order, then rotary tables that nobody reads. Its rotary pairs are neighbours (2i, 2i+1); here
 * and in Hugging Face's files they are (i, i + K/2), so the rows of the query and key projections change places.
 */
import { readFileSync } from 'node:fs';
import type { HostTensor } from '../../tensors/compile.ts';
import { type ModelConfig, newModelConfig } from '../config.ts';
import { firstNonFinite } from '../first-non-finite.ts';

const HEADER_BYTES = 28;
const SIZES = ['dim', 'hidden_dim', 'n_layers', 'n_heads', 'n_kv_heads', 'vocab_size', 'seq_len'] as const;
/** Beyond any model in this format; products of two stay exact. */
const LARGEST_SIZE = 2 ** 24;

/** Ids of the tokenizer that belongs to the format. */
export const LLAMA2C_IDS = { unk: 0, bos: 1, eos: 2 } as const;

/**
 * Reads a `.bin` file as tensors by Hugging Face name.
 * @throws Error naming the file and the size or weight at fault
 */
export function readLlama2c(path: string): { config: ModelConfig; tensors: Map<string, HostTensor> } {
  const bytes = readFileSync(path);
  if (bytes.length < HEADER_BYTES)
    throw new Error(`${path}: truncated: ${bytes.length} bytes, a llama2.c file begins with ${HEADER_BYTES}`);
  const size = (i: number): number => bytes.readInt32LE(4 * i);
  for (const [i, name] of SIZES.entries()) {
    // a negative vocabulary size says that the output layer is not tied to the embedding
    const value = name === 'vocab_size' ? Math.abs(size(i)) : size(i);
    if (value < 1 || value > LARGEST_SIZE)
      throw new Error(
        `${path}: ${name} is ${size(i)}, expected 1 to ${LARGEST_SIZE}: not a llama2.c file of version 0`,
      );
  }
  const [dim, hidden, layers, heads, kvHeads, vocab, positions] = SIZES.map((_, i) => size(i)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (dim % heads !== 0 || (dim / heads) % 2 !== 0 || heads % kvHeads !== 0) {
    throw new Error(
      `${path}: dim ${dim}, n_heads ${heads}, n_kv_heads ${kvHeads}: expected heads of an even width and a whole number of them for each key/value head`,
    );
  }
  const headDim = dim / heads;
  const vocabSize = Math.abs(vocab);
  const isTied = vocab > 0;
  const blocks: [name: string, perLayer: number[]][] = [
    ['input_layernorm', [dim]],
    ['self_attn.q_proj', [dim, dim]],
    ['self_attn.k_proj', [kvHeads * headDim, dim]],
    ['self_attn.v_proj', [kvHeads * headDim, dim]],
    ['self_attn.o_proj', [dim, dim]],
    ['post_attention_layernorm', [dim]],
    ['mlp.gate_proj', [hidden, dim]],
    ['mlp.down_proj', [dim, hidden]],
    ['mlp.up_proj', [hidden, dim]],
  ];
  const count = (shape: number[]) => shape.reduce((product, n) => product * n, 1);
  const perLayer = blocks.reduce((sum, [, shape]) => sum + count(shape), 0);
  const floats = vocabSize * dim * (isTied ? 1 : 2) + layers * perLayer + dim + positions * headDim;
  const expected = HEADER_BYTES + 4 * floats;
  if (bytes.length !== expected) {
    const kind = bytes.length < expected ? 'truncated' : 'oversized';
    throw new Error(`${path}: ${kind}: ${bytes.length} bytes, the sizes in its header make ${expected}`);
  }

  const tensors = new Map<string, HostTensor>();
  let offset = HEADER_BYTES;
  const take = (name: string, shape: number[]): void => {
    const length = 4 * count(shape);
    // copied: a view must begin at a multiple of four
    const data = new Float32Array(new Uint8Array(bytes.subarray(offset, offset + length)).buffer);
    offset += length;
    const bad = firstNonFinite(data);
    if (bad !== -1) throw new Error(`${path}: ${name} holds ${data[bad]} at element ${bad}`);
    const isRotated = /\.[qk]_proj\.weight$/.test(name);
    tensors.set(name, { shape, data: isRotated ? toHalfSplit(data, { headDim, width: dim }) : data });
  };
  take('model.embed_tokens.weight', [vocabSize, dim]);
  // each kind of weight lies together for all layers
  for (const [name, shape] of blocks) {
    for (let layer = 0; layer < layers; layer++) take(`model.layers.${layer}.${name}.weight`, shape);
  }
  take('model.norm.weight', [dim]);
  offset += 4 * positions * headDim;
  if (!isTied) take('lm_head.weight', [vocabSize, dim]);

  const config = newModelConfig({
    vocabSize,
    hiddenSize: dim,
    intermediateSize: hidden,
    numLayers: layers,
    numHeads: heads,
    numKvHeads: kvHeads,
    maxPositions: positions,
    tieWordEmbeddings: isTied,
    bosTokenId: LLAMA2C_IDS.bos,
    eosTokenIds: [LLAMA2C_IDS.eos],
    padTokenId: LLAMA2C_IDS.unk,
  });
  return { config, tensors };
}

/** Rows of each head from (0, 1, 2, ...) to (0, 2, 4, ..., 1, 3, 5, ...), as convert_llama_weights_to_hf.py does. */
function toHalfSplit(
  data: Float32Array,
  { headDim, width }: { headDim: number; width: number },
): Float32Array {
  const half = headDim / 2;
  const split = new Float32Array(data.length);
  for (let row = 0; row < data.length / width; row++) {
    const inHead = row % headDim;
    const target = row - inHead + (inHead % 2) * half + Math.floor(inHead / 2);
    split.set(data.subarray(row * width, (row + 1) * width), target * width);
  }
  return split;
}
