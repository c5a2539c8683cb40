/** Shape of spec/vectors.json: one entry for each group of reference numbers. */
type KlStep = { kl: number; beta: number };
type GaeCase = { lam: number; adv: number[]; ret: number[] };

export type VectorsFile = {
  rm_pairwise: {
    [k in 'chosen' | 'rejected' | 'margin' | 'per_pair' | 'grad_chosen']: number[];
  } & {
    [k in 'mean' | 'mean_margin' | 'center_coef' | 'mean_centered' | 'acc_strict' | 'acc_ties_half']: number;
  };
  rm_soft_label: { p: number[]; mean: number };
  rm_kwise: {
    scores_best_to_worst: number[];
    all_pairs_mean: number;
    plackett_luce_nll: number;
    best_of_4_ce: number;
  };
  kl: { [k in 'logp' | 'ref' | 'k1' | 'k2' | 'k3']: number[] } & { k1_sum: number; k3_sum: number };
  shaped_reward: { beta: number; score: number; rewards: number[] };
  gae: { values: number[]; rewards: number[]; gamma: number; cases: GaeCase[] };
  whiten: { [k in 'x' | 'biased' | 'unbiased' | 'no_shift_unbiased']: number[] };
  ppo_clip: { [k in 'adv' | 'logp' | 'old' | 'ratio' | 'per_token']: number[] } & {
    [k in 'clip' | 'mean' | 'clipfrac' | 'approxkl_k2' | 'approxkl_k3']: number;
  };
  value_clip: { [k in 'v' | 'v_old' | 'ret']: number[] } & { clip: number; loss: number; clipfrac: number };
  adaptive_kl: { init: number; target: number; horizon: number; n: number; steps: KlStep[] };
  dpo: {
    [k in
      | 'pi_chosen'
      | 'pi_rejected'
      | 'ref_chosen'
      | 'ref_rejected'
      | 'beta'
      | 'sigmoid'
      | 'hinge'
      | 'ipo_sum'
      | 'ipo_len_norm_20_30'
      | 'cdpo_eps01'
      | 'robust_eps01'
      | 'reward_chosen'
      | 'reward_rejected']: number;
  };
  temperature: { logits: number[]; cases: { T: number; logp: number[]; entropy: number }[] };
  bon_kl: Record<string, number>;
  gao: { [k in 'alpha' | 'beta' | 'bon_peak_d' | 'bon_peak_R' | 'rl_peak_d' | 'rl_peak_R']: number };
  lora: { A: number[][]; B: number[][]; alpha: number; r: number; delta: number[][] };
  nf4: { [k in 'table' | 'midpoints' | 'x' | 'idx' | 'packed' | 'dequant']: number[] };
  head_init_std: Record<string, number>;
  collator: { chosen: number[][]; rejected: number[][]; pad: number; expected: number[][] };
  loss_agg: { loss: number[][]; mask: number[][] } & {
    [k in 'token_mean' | 'seq_mean_token_mean' | 'seq_mean_token_sum']: number;
  };
  adam_step1: { grad: number; lr: number; eps: number; torch_delta: number; tf1_delta: number };
  upstream_openrlhf_agg: { [k in 'loss' | 'mask' | 'loss2' | 'mask2']: number[][] } & {
    token_mean: number;
    seq_mean_token_mean: number;
  };
  upstream_openrlhf_policy_loss: { [k in 'logp' | 'old' | 'adv' | 'mask']: number[][] } & {
    token_mean: number;
  };
  upstream_trl_masked: {
    x: number[];
    mask: number[];
    mean: number;
    var_unbiased: number;
    whitened_at_mask: number[];
  };
  upstream_lhp_sampler: { context: number[][]; length: number; tokens: number[][] };
};
