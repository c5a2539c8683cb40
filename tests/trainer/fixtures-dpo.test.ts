/**
 * The DPO loss through a whole model against torch, every tensor and number of spec/fixtures `tiny-llama.dpo`: the policy is
 * tiny-llama with its adapter merged, the reference is tiny-llama. Which test checks what:
 * - policy_*_logps, ref_*_logps: log-probabilities of the completions
 * - losses, loss, hinge_loss, ipo_loss_length_normalised, label_smoothing_0_1, margin_mean, accuracy, *_rewards: the loss and its kin
 * - grad_norm_per_param: the gradient
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { type DpoOptions, dpo } from '../../trainer/losses/dpo.ts';
import type { ModelConfig } from '../../trainer/model/config.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { loadAdapter } from '../../trainer/model/files/adapter-files.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { mergeLora } from '../../trainer/model/lora/lora.ts';
import { disposeParams, type Params } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { type Grads, valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { compile, type HostTensor } from '../../trainer/tensors/compile.ts';
import { type Scalar, type Tensor, tf } from '../../trainer/tensors/tf.ts';
import { sharedPath } from '../support/shared-data.ts';
import { withNative } from '../support/tested-backends.ts';
import { maxDifference, readGolden, tokenInputs } from './golden.ts';

const TIME = 24;
const SIDES = ['chosen', 'rejected'] as const;
type Side = (typeof SIDES)[number];
const baseFolder = sharedPath('spec', 'fixtures', 'tiny-llama');
const adapterFolder = sharedPath('spec', 'fixtures', 'tiny-llama-lora');
const golden = readGolden('tiny-llama.dpo');

describe.skipIf(!baseFolder || !adapterFolder || !golden).each(withNative(['cpu', 'simd']))(
  'tiny-llama.dpo on %s',
  (backend) => {
    if (!baseFolder || !adapterFolder || !golden) return;
    let config: ModelConfig;
    let policy: Params;
    let reference: Params;
    beforeAll(async () => {
      await chooseBackend(backend);
      const adapted = loadAdapter(adapterFolder, loadPretrained(baseFolder));
      config = adapted.config;
      policy = mergeLora(adapted.params);
      disposeParams(adapted.params);
      reference = loadPretrained(baseFolder).params;
    });
    afterAll(() => {
      disposeParams(policy);
      disposeParams(reference);
    });

    /** Where token t + 1 is a token of the completion, at t. */
    const weightsOf = (side: Side): Float32Array => {
      const mask = golden.ints(`${side}_completion_mask`);
      return Float32Array.from(mask, (_, i) => (i % TIME === TIME - 1 ? 0 : (mask[i + 1] as number)));
    };
    const inputsOf = (side: Side) => {
      const ids = golden.ints(`${side}_input_ids`);
      const next = Int32Array.from(ids, (_, i) => ids[i + 1] ?? 0);
      return {
        ...tokenInputs(ids, TIME, golden.ints(`${side}_attention_mask`)),
        targetsN: { shape: [ids.length], data: next },
        weightsN: { shape: [ids.length], data: weightsOf(side) },
      };
    };
    type Inputs = TokenBatch & Record<'targetsN' | 'weightsN', Tensor>;
    /** Sum over the completion of each row, [B]. */
    const logProbsOf = (params: Params, { targetsN, weightsN, ...batch }: Inputs): Tensor => {
      const logits = lmLogits(params, config, forwardHidden(params, config, batch));
      const perToken = tf.mul(tokenLogProbs(logits, targetsN), weightsN);
      return tf.sum(tf.reshape(perToken, [-1, TIME]), 1);
    };
    const measured = async (params: Params, side: Side): Promise<Float32Array> => {
      const step = compile('log-probs', (inputs: Inputs) => ({ logps: logProbsOf(params, inputs) }));
      return (await step(inputsOf(side))).logps.data as Float32Array;
    };

    it.each(SIDES)('log-probabilities of the %s completions within 1e-4', async (side) => {
      expect(maxDifference(await measured(policy, side), golden.floats(`policy_${side}_logps`))).toBeLessThan(
        1e-4,
      );
      expect(maxDifference(await measured(reference, side), golden.floats(`ref_${side}_logps`))).toBeLessThan(
        1e-4,
      );
    });

    it('rewards, margin and accuracy', async () => {
      const beta = golden.scalars.beta as number;
      const rewardsAt = async (side: Side) => {
        const own = await measured(policy, side);
        return Array.from(await measured(reference, side), (ref, i) => beta * ((own[i] as number) - ref));
      };
      const [chosen, rejected] = [await rewardsAt('chosen'), await rewardsAt('rejected')];
      expect(maxDifference(chosen, golden.floats('chosen_rewards'))).toBeLessThan(1e-5);
      expect(maxDifference(rejected, golden.floats('rejected_rewards'))).toBeLessThan(1e-5);
      const margins = chosen.map((reward, i) => reward - (rejected[i] as number));
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(mean(margins)).toBeCloseTo(golden.scalars.margin_mean as number, 5);
      expect(mean(margins.map((margin) => Number(margin > 0)))).toBe(golden.scalars.accuracy);
      const losses = margins.map((margin) => Math.log1p(Math.exp(-margin)));
      expect(maxDifference(losses, golden.floats('losses'))).toBeLessThan(1e-5);
    });

    type Pair = Record<`chosen_${keyof Inputs}` | `rejected_${keyof Inputs}`, Tensor>;
    const pair = Object.fromEntries(
      SIDES.flatMap((side) =>
        Object.entries(inputsOf(side)).map(([key, value]) => [`${side}_${key}`, value]),
      ),
    ) as Record<keyof Pair, HostTensor>;
    const lossAndGrads = (extra: Partial<DpoOptions>) =>
      compile('dpo', (inputs: Pair): Grads & { loss: Scalar } => {
        const of = (name: Side): Inputs => ({
          idsBT: inputs[`${name}_idsBT`],
          maskBT: inputs[`${name}_maskBT`],
          positionsBT: inputs[`${name}_positionsBT`],
          targetsN: inputs[`${name}_targetsN`],
          weightsN: inputs[`${name}_weightsN`],
        });
        const lengthsP = (name: Side) => tf.sum(tf.reshape(inputs[`${name}_weightsN`], [-1, TIME]), 1);
        const references = {
          chosen: logProbsOf(reference, of('chosen')),
          rejected: logProbsOf(reference, of('rejected')),
        };
        const ratioP = (name: Side) => tf.sub(logProbsOf(policy, of(name)), references[name]);
        const numPairs = lengthsP('chosen').size;
        const result = valueAndGrads(policy, () => ({
          loss: dpo({
            chosenP: ratioP('chosen'),
            rejectedP: ratioP('rejected'),
            chosenLengthP: lengthsP('chosen'),
            rejectedLengthP: lengthsP('rejected'),
            isTieP: tf.zeros([numPairs]),
            weightsP: tf.fill([numPairs], 1 / numPairs),
            options: {
              loss: 'sigmoid',
              beta: golden.scalars.beta as number,
              labelSmoothing: 0,
              ipoLengthNormalized: true,
              lengthPenalty: 0,
              tieNu: null,
              ...extra,
            },
          }),
        }));
        return { ...result.grads, loss: result.loss };
      })(pair);

    it.each([
      ['loss', {}],
      ['hinge_loss', { loss: 'hinge' }],
      ['label_smoothing_0_1', { loss: 'conservative', labelSmoothing: 0.1 }],
      ['ipo_loss_length_normalised', { loss: 'ipo' }],
    ] as [string, Partial<DpoOptions>][])('%s within 1e-5', async (name, options) => {
      const expected = golden.scalars[name] as number;
      const { loss } = await lossAndGrads(options);
      expect(Math.abs((loss?.data[0] as number) / expected - 1)).toBeLessThan(1e-5);
    });

    it('gradients of every parameter within 1e-3 of their size', async () => {
      const { loss: _, ...grads } = await lossAndGrads({});
      const norms = golden.scalars.grad_norm_per_param as Record<string, number>;
      expect(Object.keys(grads).sort()).toEqual(Object.keys(norms).sort());
      for (const [name, norm] of Object.entries(norms)) {
        const values = Array.from(grads[name]?.data ?? []);
        expect(Math.abs(Math.hypot(...values) / norm - 1), name).toBeLessThan(1e-3);
      }
    });
  },
);
