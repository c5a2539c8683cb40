/** A packed batch gives the numbers of the padded one: values and every gradient, for each kind of model, recomputed or not. */
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import type { ModelConfig } from '../../trainer/model/config.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { type Grads, valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { packedBatch, tokenBatch } from '../../trainer/recipes/batches/token-batch.ts';
import { ints } from '../../trainer/recipes/run/host-arrays.ts';
import { compile, type HostTensor } from '../../trainer/tensors/compile.ts';
import { type Tensor, tf } from '../../trainer/tensors/tf.ts';
import { withNative } from '../support/tested-backends.ts';
import { maxDifference } from './golden.ts';
import { modelVariants, variantParams } from './model-variants.ts';

const prompt = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2];
/** Two answers to one prompt, one of them the other's beginning, a row of one token and one that parts from the first early. */
const rows = [[...prompt, 11, 12, 13, 14], [...prompt, 11, 12], [7], [...prompt.slice(0, 3), 20, 21, 22]];
/** Every token that is followed by one is a prediction, so shared tokens are asked for more than once. */
const predictions = rows.flatMap((ids, b) => ids.slice(1).map((target, t) => ({ b, t, target })));

describe.each(withNative(['cpu', 'simd']))('on %s', (backend) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  it.each(
    ['llama grouped', 'llama dynamic', 'llama attention bias', 'gpt2'].flatMap((name) => [
      { name, recompute: false },
      { name, recompute: true },
    ]),
  )('$name, recompute $recompute', async ({ name, recompute }) => {
    const config = modelVariants[name] as ModelConfig;
    const params = variantParams(config);
    type Inputs = TokenBatch & { rowsM: Tensor; targetsM: Tensor };
    const step = compile('gradients', ({ rowsM, targetsM, ...batch }: Inputs) => {
      const { loss, grads } = valueAndGrads(params, () => {
        const hiddenMD = forwardHidden(params, config, batch, { recompute, rowsM });
        return { loss: tf.neg(tf.mean(tokenLogProbs(lmLogits(params, config, hiddenMD), targetsM))) };
      });
      return { ...grads, loss } as Grads & { loss: Tensor };
    });
    const targetsM = ints(predictions.map(({ target }) => target));

    const { width, ...padded } = tokenBatch(rows, 0);
    const expected = await step({
      ...padded,
      rowsM: ints(predictions.map(({ b, t }) => b * width + t)),
      targetsM,
    });
    const { arrays, rowOf } = packedBatch(rows, { padTokenId: 0, pack: true });
    expect(arrays.placeOfN?.shape).toEqual([32]);
    const actual = await step({
      ...arrays,
      rowsM: ints(predictions.map(({ b, t }) => rowOf(b, t))),
      targetsM,
    });
    disposeParams(params);

    for (const [parameter, { data }] of Object.entries(expected)) {
      expect(Math.max(...data.map(Math.abs)), parameter).toBeGreaterThan(0);
      const found = (actual as Record<string, HostTensor>)[parameter]?.data as Float32Array;
      expect(maxDifference(found, Array.from(data)), parameter).toBeLessThan(2e-6);
    }
  });
});
