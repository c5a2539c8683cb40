/** Scores, loss and accuracy of transformers' LlamaForSequenceClassification (spec/fixtures tiny-llama-rm). */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { rewardPairwise } from '../../trainer/losses/reward-pairwise.ts';
import { countPairs, strictAccuracy } from '../../trainer/math/pair-accuracy.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { createScorer } from '../../trainer/recipes/rollouts/create-scorer.ts';
import { type Tensor, tf } from '../../trainer/tensors/tf.ts';
import { sharedPath } from '../support/shared-data.ts';

const modelFolder = sharedPath('spec', 'fixtures', 'tiny-llama-rm');
const tensorsPath = sharedPath('spec', 'fixtures', 'tiny-llama-rm.rewards.safetensors');
const scalarsPath = sharedPath('spec', 'fixtures', 'tiny-llama-rm.rewards.json');

describe.skipIf(!modelFolder || !tensorsPath || !scalarsPath)('tiny-llama-rm', () => {
  let scalars: { bt_loss: number; accuracy: number; margin_mean: number };
  let tensors: ReturnType<typeof readSafetensors>;
  beforeAll(() => {
    tensors = readSafetensors(tensorsPath as string);
    scalars = JSON.parse(readFileSync(scalarsPath as string, 'utf8'));
  });

  /** Rows of ids without their padding. */
  function rowsOf(side: 'chosen' | 'rejected'): number[][] {
    const { shape, data: ids } = tensors.get(`${side}_input_ids`) as { shape: number[]; data: Int32Array };
    const mask = tensors.get(`${side}_attention_mask`)?.data as Int32Array;
    const width = shape[1] as number;
    return Array.from({ length: shape[0] as number }, (_, b) =>
      Array.from(ids.slice(b * width, (b + 1) * width)).filter((_, t) => mask[b * width + t] === 1),
    );
  }

  it.each(['cpu', 'simd'] as const)('scores, loss and accuracy on %s', async (backend) => {
    await chooseBackend(backend);
    const { params, config } = loadPretrained(modelFolder as string);
    const score = createScorer({ params, config, padTokenId: config.padTokenId ?? 0 });
    const scores = await score([...rowsOf('chosen'), ...rowsOf('rejected')]);
    disposeParams(params);
    const expected = [
      ...(tensors.get('chosen_rewards')?.data ?? []),
      ...(tensors.get('rejected_rewards')?.data ?? []),
    ];
    expect(expected).toHaveLength(4);
    expected.forEach((reward, i) => {
      expect(scores[i]).toBeCloseTo(reward, 4);
    });
    const loss: Tensor = rewardPairwise({
      scoresM: tf.tensor1d(scores),
      chosenP: tf.tensor1d([0, 1], 'int32'),
      rejectedP: tf.tensor1d([2, 3], 'int32'),
      targetsP: tf.ones([2]),
      marginsP: tf.zeros([2]),
      weightsP: tf.fill([2], 0.5),
      centering: 0,
    });
    expect(loss.dataSync()[0]).toBeCloseTo(scalars.bt_loss, 4);
    expect(strictAccuracy(countPairs(scores.slice(0, 2), scores.slice(2)))).toBe(scalars.accuracy);
  });
});
