/**
 * Named sets of options, given with --preset or offered by the run form. Each says only what differs from the defaults of
 * trainer/config, and why. No TensorFlow import: pages read this file.
 */
import type { z } from 'zod';
import type { ppoSchema } from '../config/ppo.ts';
import type { pretrainSchema } from '../config/pretrain.ts';
import type { RecipeName } from '../config/recipes.ts';
import type { rewardSchema } from '../config/reward.ts';
import type { sftSchema } from '../config/sft.ts';

export type Preset<Config> = { reason: string; config: Config };

export const PRETRAIN_PRESETS = {
  small: {
    reason: 'Real text on two cores in a few minutes: more words and longer rows than the toy world needs.',
    config: {
      model: {
        hiddenSize: 96,
        numLayers: 3,
        numHeads: 4,
        numKvHeads: 4,
        intermediateSize: 256,
        maxPositions: 512,
      },
      vocabSize: 1024,
      sequenceLength: 128,
      batchSize: 16,
      steps: 300,
    },
  },
  toy: {
    reason:
      'The bundled model: as small as answers most toy questions, so that the demo stays under three minutes.',
    config: {
      model: {
        hiddenSize: 96,
        numLayers: 3,
        numHeads: 4,
        numKvHeads: 4,
        intermediateSize: 256,
        maxPositions: 256,
      },
      vocabSize: 768,
      sequenceLength: 64,
      batchSize: 16,
      steps: 1600,
      optimizer: { learningRate: 2e-3 },
      runtime: { evalEvery: 200, checkpointEvery: 800 },
    },
  },
} satisfies Record<string, Preset<z.input<typeof pretrainSchema>>>;

export const SFT_PRESETS = {
  small: { reason: 'Rows of real text are longer.', config: { maxLength: 256 } },
  toy: {
    reason: 'Toy rows are short; one pass is enough to learn the form of answers.',
    config: {
      maxLength: 96,
      batchSize: 32,
      epochs: 1,
      optimizer: { learningRate: 1e-3 },
      runtime: { evalEvery: 50, checkpointEvery: 250 },
    },
  },
} satisfies Record<string, Preset<z.input<typeof sftSchema>>>;

export const REWARD_PRESETS = {
  small: {
    reason:
      'Real conversations: a long one keeps its end; one pass, since a second one over-fits (training.md R11).',
    config: { maxLength: 256, batchSize: 16, epochs: 1, optimizer: { learningRate: 3e-4 } },
  },
  demo: {
    reason: 'Toy rows are short; a few hundred judgments need more than one pass over them.',
    config: {
      maxLength: 96,
      batchSize: 16,
      epochs: 2,
      optimizer: { learningRate: 1e-3 },
      runtime: { evalEvery: 20, checkpointEvery: 40 },
    },
  },
} satisfies Record<string, Preset<z.input<typeof rewardSchema>>>;

export const PPO_PRESETS = {
  small: {
    reason: 'Fewer episodes for a first look.',
    config: { totalEpisodes: 1024, rolloutBatchSize: 32 },
  },
  demo: {
    reason:
      'Toy answers end within 32 tokens. The reward model says little before the last token, so the critic that starts from it must move fast and far: its own learning rate, a wide clip.',
    config: {
      totalEpisodes: 1536,
      rolloutBatchSize: 64,
      numPpoEpochs: 3,
      responseLength: 32,
      maxPromptLength: 32,
      valueClipRange: 1,
      policyOptimizer: { learningRate: 2e-4 },
      criticOptimizer: { learningRate: 2e-3 },
      runtime: { evalEvery: 8, checkpointEvery: 12 },
    },
  },
} satisfies Record<string, Preset<z.input<typeof ppoSchema>>>;

/** The presets of one recipe by name, for --preset and for forms. */
export function presetsOf(recipe: RecipeName): Record<string, Preset<object>> {
  return { pretrain: PRETRAIN_PRESETS, sft: SFT_PRESETS, reward: REWARD_PRESETS, ppo: PPO_PRESETS }[recipe];
}
