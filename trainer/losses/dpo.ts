/** Shapes: P pairs of a batch. */
import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

/** Which loss; x = log pi - log ref of a completion, d = x_chosen - x_rejected (training.md 2.4). */
export type DpoLossKind =
  /** -log s(beta d) (arXiv:2305.18290 Eq. 7) */
  | 'sigmoid'
  /** the same of log-ratios per token (Tulu 3, arXiv:2411.15124) */
  | 'sigmoid-norm'
  /** max(0, 1 - beta d) (arXiv:2309.06657) */
  | 'hinge'
  /** (d - 1 / 2 beta)^2 (arXiv:2310.12036) */
  | 'ipo'
  /** labels are wrong with probability `labelSmoothing`, as a soft target */
  | 'conservative'
  /** the same noise, unbiased (arXiv:2403.00409) */
  | 'robust'
  /** 1 - s(beta x_chosen) + s(beta x_rejected): both are moved apart from the reference (arXiv:2408.06266) */
  | 'apo-zero'
  /** s(beta x_chosen) + 1 - s(beta d): both are made less likely, the rejected one more so */
  | 'apo-down';

export type DpoOptions = {
  loss: DpoLossKind;
  beta: number;
  /** epsilon of `conservative` and `robust` */
  labelSmoothing: number;
  /** `ipo`: log-ratios per token, as TRL does; false sums them, as the original repository does */
  ipoLengthNormalized: boolean;
  /** alpha of arXiv:2403.19159: alpha (|chosen| - |rejected|) is added to beta d, so that length explains part of a preference */
  lengthPenalty: number;
  /** nu of Rao and Kupper's model of ties (arXiv:2409.17431); null where no pair of the batch is a tie */
  tieNu: number | null;
};

/**
 * DPO loss of a batch of pairs, summed with their weights.
 *
 * With `tieNu` every pair follows Rao and Kupper, t = ln nu: P(chosen wins) = s(h - t), P(tie) = (nu^2 - 1) s(h - t) s(-h - t),
 * where h is the logit beta d. The length penalty's sign follows from its derivation: the optimum of reward - alpha |y| under the KL
 * penalty has reward = beta log-ratio + alpha |y|, so the longer chosen answer needs less of a log-ratio to be explained.
 *
 * @param chosenP, rejectedP x: log pi - log ref, summed over the completion's tokens and differentiable, [P]
 * @param chosenLengthP, rejectedLengthP tokens of the completions, EOS included, [P]
 * @param isTieP 1 where neither was preferred, else 0, [P]; looked at with `tieNu` alone
 * @param weightsP weight of each pair, summing to 1 over a step; 0 pads, [P]
 */
export function dpo(args: {
  chosenP: Tensor;
  rejectedP: Tensor;
  chosenLengthP: Tensor;
  rejectedLengthP: Tensor;
  isTieP: Tensor;
  weightsP: Tensor;
  options: DpoOptions;
}): Scalar {
  const { chosenLengthP, rejectedLengthP, isTieP, weightsP, options } = args;
  const { loss, beta, labelSmoothing, lengthPenalty, tieNu } = options;
  const perToken = loss === 'sigmoid-norm' || (loss === 'ipo' && options.ipoLengthNormalized);
  const chosenP = perToken ? tf.div(args.chosenP, chosenLengthP) : args.chosenP;
  const rejectedP = perToken ? tf.div(args.rejectedP, rejectedLengthP) : args.rejectedP;
  const differenceP = tf.sub(chosenP, rejectedP);
  const lengthP = tf.mul(tf.sub(chosenLengthP, rejectedLengthP), lengthPenalty);
  const logitP = tf.add(tf.mul(differenceP, beta), lengthP);
  const rightP = () => tf.softplus(tf.neg(logitP));
  const wrongP = () => tf.softplus(logitP);

  const lossP = {
    sigmoid: () => (tieNu === null ? rightP() : raoKupper(logitP, isTieP, tieNu)),
    'sigmoid-norm': () => (tieNu === null ? rightP() : raoKupper(logitP, isTieP, tieNu)),
    hinge: () => tf.relu(tf.sub(1, logitP)),
    ipo: () => tf.square(tf.sub(differenceP, 1 / (2 * beta))),
    conservative: () => tf.add(tf.mul(rightP(), 1 - labelSmoothing), tf.mul(wrongP(), labelSmoothing)),
    robust: () =>
      tf.div(
        tf.sub(tf.mul(rightP(), 1 - labelSmoothing), tf.mul(wrongP(), labelSmoothing)),
        1 - 2 * labelSmoothing,
      ),
    'apo-zero': () =>
      tf.add(tf.sub(1, tf.sigmoid(tf.mul(chosenP, beta))), tf.sigmoid(tf.mul(rejectedP, beta))),
    'apo-down': () => tf.add(tf.sigmoid(tf.mul(chosenP, beta)), tf.sub(1, tf.sigmoid(logitP))),
  } satisfies Record<DpoLossKind, () => Tensor>;
  return tf.sum(tf.mul(lossP[loss](), weightsP)) as Scalar;
}

/** -log P of what was said, under Rao and Kupper's model of paired comparisons with ties (1967). */
function raoKupper(logitP: Tensor, isTieP: Tensor, nu: number): Tensor {
  const t = Math.log(nu);
  const minusLogChosenP = tf.softplus(tf.sub(t, logitP));
  const minusLogRejectedP = tf.softplus(tf.add(logitP, t));
  // P(tie) = (nu^2 - 1) P(chosen wins) P(rejected wins)
  const tieP = tf.sub(minusLogRejectedP, Math.log(nu ** 2 - 1));
  return tf.add(minusLogChosenP, tf.mul(isTieP, tieP));
}

/** The loss of a decided pair while policy and reference agree, where no option moves it: what a run's first step must show. */
export function firstDpoLoss({ loss, beta, tieNu }: DpoOptions): number {
  const first = tieNu === null ? Math.LN2 : Math.log(1 + tieNu);
  return {
    sigmoid: first,
    'sigmoid-norm': first,
    hinge: 1,
    ipo: 1 / (4 * beta ** 2),
    conservative: Math.LN2,
    robust: Math.LN2,
    'apo-zero': 1,
    'apo-down': 1,
  }[loss];
}
