import { createRng } from '../../../lib/rng.ts';
import type { TextExample } from '../../data/types.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { tokenBatch } from '../batches/token-batch.ts';
import { floats, ints } from '../run/host-arrays.ts';

const HELD_OUT_SHARE = 1 / 20;

/**
 * Documents in shuffled order as <bos> text <eos>, one after the other; the last twentieth is held out. Where one token is both, as in
 * GPT-2, it stands once between documents.
 */
export function tokenStreams(
  texts: readonly TextExample[],
  options: { tokenizer: Tokenizer; sequenceLength: number; seed: number },
): { train: Int32Array; heldOut: Int32Array } {
  const { tokenizer, sequenceLength, seed } = options;
  const { bosTokenId, eosTokenId } = tokenizer;
  const stream: number[] = [];
  for (const { text } of createRng(seed, 'documents').shuffle(texts)) {
    if (bosTokenId !== null && bosTokenId !== eosTokenId) stream.push(bosTokenId);
    for (const id of tokenizer.encode(text)) stream.push(id);
    stream.push(eosTokenId);
  }
  const cut = Math.floor(stream.length * (1 - HELD_OUT_SHARE));
  if (stream.length - cut < sequenceLength + 1) {
    throw new Error(
      `the texts are ${stream.length} tokens; at least ${Math.ceil((sequenceLength + 1) / HELD_OUT_SHARE)} are needed, so that the held-out twentieth fills one row of sequenceLength ${sequenceLength}`,
    );
  }
  return { train: Int32Array.from(stream.slice(0, cut)), heldOut: Int32Array.from(stream.slice(cut)) };
}

/** Windows of a stream from each of `starts`: row b predicts its tokens 1..T from 0..T-1; places of a row's padding weigh nothing. */
export function windowBatch(
  stream: Int32Array,
  starts: readonly number[],
  { sequenceLength, padTokenId }: { sequenceLength: number; padTokenId: number },
) {
  const rows = starts.map((start) => Array.from(stream.subarray(start, start + sequenceLength)));
  const { width, ...batch } = tokenBatch(rows, padTokenId);
  const targets = new Int32Array(rows.length * width);
  const weights = new Float32Array(rows.length * width);
  starts.forEach((start, b) => {
    targets.set(stream.subarray(start + 1, start + 1 + sequenceLength), b * width);
    weights.fill(1 / (rows.length * sequenceLength), b * width, b * width + sequenceLength);
  });
  return { ...batch, targetsM: ints(targets), weightsM: floats(weights) };
}
