/** Charts that several recipes have. */
import type { Chart } from './definition.ts';

export const LANGUAGE_MODEL_CHARTS: readonly Chart[] = [
  {
    title: 'Loss',
    good: 'Falls fast, then slowly; held-out loss that turns upwards is the moment to stop.',
    series: [
      { name: 'loss', label: 'Training' },
      { name: 'eval_loss', label: 'Held-out' },
    ],
  },
  {
    title: 'Next-token accuracy',
    good: 'Rises and levels off; a fall while the training loss still falls is over-fitting.',
    series: [{ name: 'eval_mean_token_accuracy', label: 'Held-out' }],
  },
];

/** Of recipes that sample answers at evaluations. */
export const RESPONSE_LENGTH_CHART: Chart = {
  title: 'Length of answers',
  good: 'Keeps near where it began, or moves to the length of the answers that are learnt; growth without end means length is what is learnt.',
  series: [{ name: 'eval_responses_len', label: 'Tokens of an answer' }],
};

/** Of every recipe; their figures are defined under the heading "All recipes". */
export const OPTIMIZER_CHARTS: readonly Chart[] = [
  {
    title: 'Gradient norm',
    good: 'Settles below the clipping norm after the first steps; spikes that do not come down announce divergence.',
    series: [
      { name: 'grad_norm', label: 'Gradient norm' },
      { name: 'policy/grad_norm', label: 'Policy' },
      { name: 'critic/grad_norm', label: 'Critic' },
    ],
  },
  {
    title: 'Learning rate',
    good: 'Follows the schedule of the config: up in the warm-up, then down.',
    series: [
      { name: 'learning_rate', label: 'Learning rate' },
      { name: 'lr', label: 'Learning rate' },
    ],
  },
];
