/** Every kind of model that a config can ask for gives transformers' logits, and its greedy tokens through the cache. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backend/choose.ts';
import { compile } from '../../trainer/backend/compile.ts';
import { type Tensor, tf } from '../../trainer/backend/tf.ts';
import { generate } from '../../trainer/generate.ts';
import { isRewardModel } from '../../trainer/model/config.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { scoreHidden } from '../../trainer/model/heads.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { embedding } from '../../trainer/ops/embedding.ts';
import { createRng } from '../../trainer/rng.ts';
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

it('has a golden of every variant', () => {
  expect(Object.keys(golden)).toEqual(Object.keys(modelVariants));
});

describe.each(withNative(['cpu', 'simd']))('on %s', (backend) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  it.each(Object.entries(modelVariants))('%s', (name, config) => {
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
    const { logits } = step({ ...tokenInputs(ids, TIME, mask), rowsM });
    expect(maxDifference(logits.data, expected.logits)).toBeLessThan(1e-4);

    if (!isReward) {
      const { responses } = generate({
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
