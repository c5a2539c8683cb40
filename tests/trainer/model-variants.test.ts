/** Every kind of model that a config can ask for gives transformers' logits, gradients, and greedy tokens through the cache. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { generate } from '../../trainer/generate.ts';
import { isRewardModel } from '../../trainer/model/config.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { scoreHidden } from '../../trainer/model/heads.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { embedding } from '../../trainer/ops/embedding.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { type Grads, valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import { type Scalar, type Tensor, tf } from '../../trainer/tensors/tf.ts';
import { withNative } from '../support/tested-backends.ts';
import { maxDifference, tokenInputs } from './golden.ts';
import {
  compared,
  modelVariants,
  NEW_TOKENS,
  PROMPT,
  rows,
  TIME,
  type VariantGolden,
  variantParams,
} from './model-variants.ts';

const golden: Record<string, VariantGolden> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden', 'model-variants.json'), 'utf8'),
);
const ids = Int32Array.from(rows.flat());
const mask = ids.map((id) => (id === 0 ? 0 : 1));
/** places in [B*T] of tokens that are followed by one */
const predictingRows = Array.from(ids.keys()).filter((i) => mask[i] === 1 && i % TIME < TIME - 1);
type Targets = { rowsM: Tensor; targetsM: Tensor };

it('has a golden of every variant', () => {
  expect(Object.keys(golden)).toEqual(Object.keys(modelVariants));
});

describe.each(withNative(['cpu', 'simd']))('on %s', (backend) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  it.each(Object.entries(modelVariants))('%s', async (name, config) => {
    const expected = golden[name] as VariantGolden;
    const params = variantParams(config);
    const isReward = isRewardModel(config);
    const picked = isReward ? [TIME - 1, 2 * TIME - 1] : compared;
    const step = compile('logits', ({ rowsM, ...batch }: TokenBatch & { rowsM: Tensor }) => {
      const hiddenMD = embedding(forwardHidden(params, config, batch), rowsM);
      const scores = () => tf.reshape(scoreHidden(params, config, hiddenMD), [-1, 1]);
      return { logits: isReward ? scores() : lmLogits(params, config, hiddenMD) };
    });
    const rowsM = { shape: [picked.length], data: Int32Array.from(picked) };
    const { logits } = await step({ ...tokenInputs(ids, TIME, mask), rowsM });
    expect(maxDifference(logits.data, expected.logits)).toBeLessThan(1e-4);

    const trained = compile('gradients', ({ rowsM, targetsM, ...batch }: TokenBatch & Targets) => {
      const { loss, grads } = valueAndGrads(params, () => {
        const hiddenMD = embedding(forwardHidden(params, config, batch), rowsM);
        if (!isReward) {
          const logProbsM = tokenLogProbs(lmLogits(params, config, hiddenMD), targetsM);
          return { loss: tf.neg(tf.mean(logProbsM)) };
        }
        const scoresB = scoreHidden(params, config, hiddenMD);
        const [first, second] = tf.split(scoresB, 2) as [Tensor, Tensor];
        return { loss: tf.mean(tf.softplus(tf.sub(second, first))) };
      });
      return { ...grads, loss } as Grads & { loss: Scalar };
    });
    const predicting = isReward ? picked : predictingRows;
    const { loss, ...grads } = await trained({
      ...tokenInputs(ids, TIME, mask),
      rowsM: { shape: [predicting.length], data: Int32Array.from(predicting) },
      targetsM: { shape: [predicting.length], data: Int32Array.from(predicting, (i) => ids[i + 1] ?? 0) },
    });
    expect(Math.abs((loss?.data[0] as number) - expected.loss)).toBeLessThan(1e-5);
    const names = Object.keys(grads).sort();
    expect(names).toHaveLength(expected.gradNorms.length);
    for (const [i, parameter] of names.entries()) {
      const norm = Math.hypot(...(grads[parameter]?.data ?? []));
      const wanted = expected.gradNorms[i] as number;
      // the last bias of GPT-2 moves both scores of a pair alike: its gradient is 0
      expect(Math.abs(norm - wanted), parameter).toBeLessThan(1e-3 * wanted + 1e-7);
    }

    if (!isReward) {
      const { responses } = await generate({
        params,
        config,
        promptIds: rows.map((row) => row.slice(0, PROMPT).filter((id) => id !== 0)),
        maxNewTokens: NEW_TOKENS,
        temperature: 0,
        rng: createRng(1, 'unused'),
        eosTokenIds: [],
        padTokenId: 0,
      });
      expect(responses).toEqual(expected.greedy);
    }
    disposeParams(params);
  });
});
