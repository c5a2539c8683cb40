import type { ModelConfig } from './config.ts';
import { outputEmbedding } from './param-shapes.ts';
import { newParam, type Params, readFloats } from './params.ts';

/**
 * Gives a model rows for tokens that it did not know, in place: each is the mean of the rows there were, so that the new tokens
 * take little from the old ones' probability (Hewitt 2021, "Initializing New Word Embeddings for Pretrained Language
 * Models"; transformers' resize_token_embeddings does the same up to a little noise). Rows beyond `vocabSize` stay.
 * @returns the config with the new size
 */
export function growVocabulary<C extends ModelConfig>(
  { params, config }: { params: Params; config: C },
  { newIds, vocabSize }: { newIds: readonly number[]; vocabSize: number },
): C {
  const grown = Math.max(config.vocabSize, vocabSize);
  const input = outputEmbedding({ ...config, tieWordEmbeddings: true });
  for (const name of new Set([input, outputEmbedding(config)])) {
    const old = params[name];
    // a reward model has no head over tokens
    if (!old) continue;
    const [rows, width] = old.shape as [number, number];
    const oldValues = readFloats(old);
    const isNew = new Set(newIds);
    const mean = new Float64Array(width);
    let count = 0;
    for (let id = 0; id < rows; id++) {
      if (isNew.has(id)) continue;
      count++;
      for (let d = 0; d < width; d++) mean[d] = (mean[d] as number) + (oldValues[id * width + d] as number);
    }
    const values = new Float32Array(grown * width);
    values.set(oldValues);
    for (const id of newIds)
      values.set(
        mean.map((sum) => sum / count),
        id * width,
      );
    old.dispose();
    params[name] = newParam(values, [grown, width]);
  }
  return { ...config, vocabSize: grown };
}
