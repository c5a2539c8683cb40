/**
 * The scalar head and the gradient of the pairwise loss against LlamaForSequenceClassification, every tensor and number of
 * spec/fixtures `tiny-llama-rm.rewards`. Which test checks what:
 * - chosen_rewards, rejected_rewards, chosen_lengths, rejected_lengths: rewards at the last real token
 * - accuracy, margin_mean: the same rewards, compared
 * - chosen_values_all_positions: values at every real position
 * - bt_loss, grad.score.weight, grad_norm_per_param: pairwise loss
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { countPairs, strictAccuracy } from '../../trainer/math/pair-accuracy.ts';
import { forwardHidden } from '../../trainer/model/decoder.ts';
import { loadPretrained, type PretrainedModel } from '../../trainer/model/files/load-pretrained.ts';
import { scoreHidden } from '../../trainer/model/heads.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { embedding } from '../../trainer/ops/embedding.ts';
import { type Grads, valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import { type Scalar, type Tensor, tf } from '../../trainer/tensors/tf.ts';
import { sharedPath } from '../support/shared-data.ts';
import { withNative } from '../support/tested-backends.ts';
import { maxDifference, readGolden, relativeDifference, tokenInputs } from './golden.ts';

const TIME = 24;
const folder = sharedPath('spec', 'fixtures', 'tiny-llama-rm');
const golden = readGolden('tiny-llama-rm.rewards');

describe.skipIf(!folder || !golden).each(withNative(['cpu', 'simd']))('tiny-llama-rm on %s', (backend) => {
  if (!folder || !golden) return;
  let model: PretrainedModel;
  beforeAll(async () => {
    await chooseBackend(backend);
    model = loadPretrained(folder);
  });
  afterAll(() => disposeParams(model.params));

  const lastTokens = (mask: Int32Array): Int32Array =>
    Int32Array.from({ length: mask.length / TIME }, (_, row) => mask.lastIndexOf(1, (row + 1) * TIME - 1));
  const inputsOf = (side: 'chosen' | 'rejected') => {
    const mask = golden.ints(`${side}_attention_mask`);
    const last = lastTokens(mask);
    return {
      ...tokenInputs(golden.ints(`${side}_input_ids`), TIME, mask),
      lastB: { shape: [last.length], data: last },
    };
  };
  type Inputs = TokenBatch & { lastB: Tensor };
  const rewardsOf = ({ lastB, ...batch }: Inputs): Tensor =>
    scoreHidden(
      model.params,
      model.config,
      embedding(forwardHidden(model.params, model.config, batch), lastB),
    );

  it.each(['chosen', 'rejected'] as const)(
    'rewards of %s at the last real token within 1e-4',
    async (side) => {
      const step = compile('rewards', (inputs: Inputs) => ({ rewards: rewardsOf(inputs) }));
      expect(
        maxDifference((await step(inputsOf(side))).rewards.data, golden.floats(`${side}_rewards`)),
      ).toBeLessThan(1e-4);
    },
  );

  it.each(['chosen', 'rejected'] as const)('lengths of %s are those of the fixture', (side) => {
    const last = inputsOf(side).lastB.data;
    expect(Array.from(last, (index, row) => index - row * TIME + 1)).toEqual(
      golden.scalars[`${side}_lengths`],
    );
  });

  it('margin within 1e-4, accuracy exactly', async () => {
    const step = compile('rewards', (inputs: Inputs) => ({ rewards: rewardsOf(inputs) }));
    const rewardsAt = async (side: 'chosen' | 'rejected') =>
      Array.from((await step(inputsOf(side))).rewards.data);
    const [chosen, rejected] = [await rewardsAt('chosen'), await rewardsAt('rejected')];
    const margins = chosen.map((reward, i) => reward - (rejected[i] as number));
    const mean = margins.reduce((sum, margin) => sum + margin, 0) / margins.length;
    expect(Math.abs(mean - (golden.scalars.margin_mean as number))).toBeLessThan(1e-4);
    expect(strictAccuracy(countPairs(chosen, rejected))).toBe(golden.scalars.accuracy);
  });

  it('values at every real position within 1e-4', async () => {
    const step = compile('values', ({ lastB: _, ...batch }: Inputs) => ({
      values: scoreHidden(model.params, model.config, forwardHidden(model.params, model.config, batch)),
    }));
    const rows = { mask: golden.ints('chosen_attention_mask'), width: 1 };
    const { values } = await step(inputsOf('chosen'));
    expect(maxDifference(values.data, golden.floats('chosen_values_all_positions'), rows)).toBeLessThan(1e-4);
  });

  it('applies the reward normalisation of the config', async () => {
    const normalised = { ...model.config, rewardGain: 2.5, rewardBias: -0.75 };
    const step = compile('normalised', ({ lastB, ...batch }: Inputs) => ({
      rewards: scoreHidden(
        model.params,
        normalised,
        embedding(forwardHidden(model.params, normalised, batch), lastB),
      ),
    }));
    const expected = Array.from(golden.floats('chosen_rewards'), (reward) => 2.5 * reward - 0.75);
    expect(maxDifference((await step(inputsOf('chosen'))).rewards.data, expected)).toBeLessThan(2.5e-4);
  });

  it('pairwise loss within 1e-5 and gradients within 1e-3 of their size', async () => {
    const chosen = inputsOf('chosen');
    const rejected = inputsOf('rejected');
    type Pair = Record<`chosen_${keyof Inputs}` | `rejected_${keyof Inputs}`, Tensor>;
    const step = compile('pairs', (inputs: Pair): Grads & { loss: Scalar } => {
      const side = (name: 'chosen' | 'rejected'): Tensor =>
        rewardsOf({
          idsBT: inputs[`${name}_idsBT`],
          maskBT: inputs[`${name}_maskBT`],
          positionsBT: inputs[`${name}_positionsBT`],
          lastB: inputs[`${name}_lastB`],
        });
      const { loss, grads } = valueAndGrads(model.params, () => ({
        loss: tf.mean(tf.softplus(tf.sub(side('rejected'), side('chosen')))),
      }));
      return { ...grads, loss };
    });
    const prefixed = Object.fromEntries([
      ...Object.entries(chosen).map(([k, v]) => [`chosen_${k}`, v]),
      ...Object.entries(rejected).map(([k, v]) => [`rejected_${k}`, v]),
    ]);
    const { loss, ...grads } = await step(prefixed);
    expect(Math.abs((loss?.data[0] as number) - (golden.scalars.bt_loss as number))).toBeLessThan(1e-5);
    const norms = golden.scalars.grad_norm_per_param as Record<string, number>;
    expect(Object.keys(grads).sort()).toEqual(Object.keys(norms).sort());
    for (const [name, norm] of Object.entries(norms)) {
      const values = Array.from(grads[name]?.data ?? []);
      expect(Math.abs(Math.hypot(...values) / norm - 1), name).toBeLessThan(1e-3);
    }
    expect(
      relativeDifference(grads['score.weight']?.data ?? [], golden.floats('grad.score.weight')),
    ).toBeLessThan(1e-3);
  });
});
