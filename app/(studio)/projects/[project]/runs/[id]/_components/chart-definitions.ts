/** One chart of a run: which logged names it draws, what a good curve looks like, where its numbers are defined. */
export type ChartDefinition = {
  id: string;
  title: string;
  /** one sentence */
  good: string;
  series: { name: string; label: string }[];
  /** anchor in docs/metrics.md */
  anchor: string;
};

const PPO: ChartDefinition[] = [
  {
    id: 'reward',
    title: 'Reward',
    good: 'Score and total reward rise and then level off; a true reward that falls while the score rises means the reward model is being exploited.',
    series: [
      { name: 'objective/scores', label: 'Score' },
      { name: 'objective/rlhf_reward', label: 'Score with KL penalty' },
      { name: 'objective/true_reward', label: 'True reward' },
    ],
    anchor: 'ppo-objective-scores',
  },
  {
    id: 'kl',
    title: 'KL to the reference',
    good: 'Starts at 0, grows slowly and stays positive, roughly between 0 and 10 nats; a steep climb means the policy runs away from the reference.',
    series: [{ name: 'objective/kl', label: 'KL per episode (nats)' }],
    anchor: 'ppo-objective-kl',
  },
  {
    id: 'kl-coefficient',
    title: 'KL coefficient',
    good: 'Flat with a fixed controller; with an adaptive one it settles where the KL meets its target.',
    series: [{ name: 'objective/kl_coef', label: 'beta' }],
    anchor: 'ppo-objective-kl_coef',
  },
  {
    id: 'entropy',
    title: 'Entropy',
    good: 'Falls gently and keeps well above 0; a collapse towards 0 means the policy says one thing only.',
    series: [{ name: 'policy/entropy_avg', label: 'Entropy per token (nats)' }],
    anchor: 'ppo-policy-entropy_avg',
  },
  {
    id: 'lengths',
    title: 'Response length',
    good: 'Stays near where it began; steady growth or shrinking that the task does not ask for is length hacking.',
    series: [
      { name: 'tokens/responses_len_mean', label: 'Mean tokens' },
      { name: 'tokens/responses_len_std', label: 'Standard deviation' },
    ],
    anchor: 'ppo-tokens-responses_len_mean',
  },
  {
    id: 'clip-fraction',
    title: 'Clip fraction',
    good: 'Between about 0.01 and 0.3; near 0 the steps are timid, above 0.3 they are too large.',
    series: [
      { name: 'policy/clipfrac_avg', label: 'Policy' },
      { name: 'val/clipfrac_avg', label: 'Value' },
    ],
    anchor: 'ppo-policy-clipfrac_avg',
  },
  {
    id: 'value-loss',
    title: 'Value loss',
    good: 'Falls quickly at first and then stays low; a rise means the critic cannot follow the policy.',
    series: [{ name: 'loss/value_avg', label: 'Value loss' }],
    anchor: 'ppo-loss-value_avg',
  },
  {
    id: 'explained-variance',
    title: 'Explained variance',
    good: 'Climbs towards 1; at 0 or below the critic is no better than a constant.',
    series: [{ name: 'val/var_explained', label: 'Explained variance' }],
    anchor: 'ppo-val-var_explained',
  },
  {
    id: 'evaluation',
    title: 'Evaluation on held-out prompts',
    good: 'Proxy and true reward rise together; where they part, the run has passed its best checkpoint.',
    series: [
      { name: 'eval/proxy_reward', label: 'Reward model' },
      { name: 'eval/true_reward', label: 'True reward' },
    ],
    anchor: 'ppo-eval-proxy_reward',
  },
  {
    id: 'policy-update',
    title: 'Size of the policy updates',
    good: 'Stays far below the KL to the reference; a jump means that one update went too far.',
    series: [{ name: 'policy/approxkl_avg', label: 'Approximate KL' }],
    anchor: 'ppo-policy-approxkl_avg',
  },
  {
    id: 'ratio',
    title: 'Mean ratio',
    good: 'Stays within a few hundredths of 1; a drift means the sampled and the trained policy are not the same.',
    series: [{ name: 'val/ratio', label: 'pi / pi_old' }],
    anchor: 'ppo-val-ratio',
  },
];

const REWARD: ChartDefinition[] = [
  {
    id: 'loss',
    title: 'Loss',
    good: 'Falls from about ln 2 = 0.69; held-out loss that turns upwards means the model learns the pairs by heart.',
    series: [
      { name: 'loss', label: 'Training' },
      { name: 'eval_loss', label: 'Held-out' },
    ],
    anchor: 'reward-loss',
  },
  {
    id: 'accuracy',
    title: 'Accuracy',
    good: 'Rises above 0.5 and levels off near how often annotators agree; training far above held-out is over-fitting.',
    series: [
      { name: 'accuracy', label: 'Training' },
      { name: 'eval_accuracy', label: 'Held-out' },
    ],
    anchor: 'reward-accuracy',
  },
  {
    id: 'margin',
    title: 'Margin',
    good: 'The chosen answer’s lead grows from 0 and levels off; growth without end means over-confidence.',
    series: [
      { name: 'margin', label: 'Training' },
      { name: 'eval_margin', label: 'Held-out' },
    ],
    anchor: 'reward-margin',
  },
  {
    id: 'scores',
    title: 'Scores',
    good: 'The mean stays around 0 while smallest and largest spread; a drift of the mean asks for more centring.',
    series: [
      { name: 'mean_reward', label: 'Mean' },
      { name: 'min_reward', label: 'Smallest' },
      { name: 'max_reward', label: 'Largest' },
    ],
    anchor: 'reward-mean_reward',
  },
];

const LANGUAGE_MODEL: ChartDefinition[] = [
  {
    id: 'loss',
    title: 'Loss',
    good: 'Falls fast, then slowly; held-out loss that turns upwards is the moment to stop.',
    series: [
      { name: 'loss', label: 'Training' },
      { name: 'eval_loss', label: 'Held-out' },
    ],
    anchor: 'pretrain-loss',
  },
  {
    id: 'accuracy',
    title: 'Next-token accuracy',
    good: 'Rises and levels off; a fall while the training loss still falls is over-fitting.',
    series: [{ name: 'eval_mean_token_accuracy', label: 'Held-out' }],
    anchor: 'pretrain-eval_mean_token_accuracy',
  },
];

const OPTIMIZER: ChartDefinition[] = [
  {
    id: 'gradient',
    title: 'Gradient norm',
    good: 'Settles below the clipping norm after the first steps; spikes that do not come down announce divergence.',
    series: [
      { name: 'grad_norm', label: 'Gradient norm' },
      { name: 'policy/grad_norm', label: 'Policy' },
      { name: 'critic/grad_norm', label: 'Critic' },
    ],
    anchor: 'all-grad_norm',
  },
  {
    id: 'learning-rate',
    title: 'Learning rate',
    good: 'Follows the schedule of the config: up in the warm-up, then down.',
    series: [
      { name: 'learning_rate', label: 'Learning rate' },
      { name: 'lr', label: 'Learning rate' },
    ],
    anchor: 'all-learning_rate',
  },
];

/** Charts of a recipe, in reading order; those without any logged number are left out by the page. */
export function chartsOf(recipe: string): ChartDefinition[] {
  const own = recipe === 'ppo' ? PPO : recipe === 'reward' ? REWARD : LANGUAGE_MODEL;
  return [...own, ...OPTIMIZER];
}
