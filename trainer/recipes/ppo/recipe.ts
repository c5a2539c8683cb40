/**
 * PPO: the policy is the SFT model, the reference its frozen copy, the score a reward model or a function, the critic a
 * separate model that starts as the reward model. With `lora` the policy is trained as an adapter, and the reference is the same
 * weights with the adapter off: one copy of them for both. Critic and reward model keep weights of their own, and the critic is
 * trained whole; one trunk for all four is not here yet.
 *
 * training.md 2.2 and 2.3 item by item: P1 plain sampling, P2 one temperature everywhere, P3 shift, P4 positions from masks
 * (rows are padded right; the result is that of left padding), done. P5: generation stops at EOS instead of running on, so
 * score and critic see the same text. P6 SET rule, P7 masks (log-probabilities outside the response are never read), P8 score
 * at the last action token, P9 k1 in the reward and k3 logged, P10, P11, P12 done. P13 best-of-n beside PPO: not yet, needs
 * a sampling budget of its own. P20-P25 done. P26 every token of a rollout weighs the same in all its minibatches, done. P27
 * epochs x minibatches, done. P28 Adam, eps 1e-5 by default, done. P29 PyTorch's form of Adam. P30 no dropout, done. P31
 * critic from the reward model, done; no warm-up. P32 KL early stop, done; the ratio > 10 skip is not, dual clip serves.
 * P33, P34 not yet. P35, P36 metrics over action tokens only, true entropy from logits, done (docs/metrics.md). P37 bit-exact
 * resume, done: random streams are functions of seed and rollout, the cursor is the rollout number, the reward model's
 * normalisation is in its folder.
 *
 * Run: npm run train -- ppo --model sft-folder --reward reward-folder --data prompts.jsonl --out folder
 * Shapes: B episodes, T width, R longest response, M = B*R response places, V vocabulary.
 */
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import { createRng } from '../../../lib/rng.ts';
import type { PromptExample } from '../../data/types.ts';
import type { TrainEvent } from '../../events.ts';
import { createGenerator } from '../../generate.ts';
import { nextKlCoefficient } from '../../math/adaptive-kl.ts';
import { maskedCount, maskedMaxDifference } from '../../math/masked.ts';
import type { ModelConfig } from '../../model/config.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { copyParams, disposeParams, type Params } from '../../model/params.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { encodePrompt, type Refusal, refusalNotice } from '../../tokenizer/encode-prompt.ts';
import { loadTokenizer } from '../../tokenizer/load-tokenizer.ts';
import { stopIds } from '../../tokenizer/stop-ids.ts';
import { createExampleOrder } from '../batches/example-order.ts';
import { episodeBatch } from '../rollouts/episode-batch.ts';
import { estimateAdvantages } from '../rollouts/estimate-advantages.ts';
import { judge, largestSamplingGap, type Prompt, respond } from '../rollouts/respond.ts';
import { newCritic, openScore, rewardFunction, scoreSource } from '../rollouts/scoring.ts';
import { asTrainable, type Trainable } from '../run/adapted-model.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { beginRun } from '../run/begin-run.ts';
import { checkContext } from '../run/check-context.ts';
import { openRun, type Run } from '../run/open-run.ts';
import { type RecipeArgs, requireFolder } from '../run/recipe-args.ts';
import { resumeRun } from '../run/resume-run.ts';
import { type Progress, runStateSchema } from '../run/run-state.ts';
import { isCheckpointDue, isEvaluationDue, type SaveReason, saveRun } from '../run/save-run.ts';
import { selfCheck } from '../run/self-check.ts';
import { startStopwatch } from '../run/stopwatch.ts';
import { beforeAndAfter, evaluatePolicy } from './evaluate.ts';
import { meanFigures, rolloutFigures, watchOverOptimization } from './figures.ts';
import { createPpoSteps } from './steps.ts';
import { updateOnRollout } from './update.ts';

const SHOWN_EPISODES = 8;

const stateSchema = runStateSchema.extend({
  klCoefficient: z.number().min(0),
  /** evaluation before the first update, and the best true reward since with its proxy */
  before: z.record(z.string(), z.number()).nullable(),
  best: z.strictObject({ trueReward: z.number(), proxyReward: z.number() }).nullable(),
});

/**
 * Summary: trueRewardBefore and -After (sampled) and trueRewardGreedyBefore and -After where there is a true reward,
 * proxyRewardBefore and -After, klToReference (nats per response on the evaluation prompts), klCoefficient, episodes.
 */
export async function* ppo(args: RecipeArgs<'ppo'>): AsyncGenerator<TrainEvent> {
  const { config, folders, data, signal } = args;
  const { rolloutBatchSize, runtime, temperature } = config;
  const { resumeFrom } = folders;
  const modelFolder = requireFolder(folders, 'model');
  const source = await scoreSource(data.score, folders);
  const trueReward = data.trueReward && (await rewardFunction(data.trueReward));
  const run = await openRun('ppo', { ...args, data: [data.prompts, data.evalPrompts, source.kind] });

  // 1. Prompts that leave room.
  const tokenizer = loadTokenizer(modelFolder);
  const refused: Refusal[] = [];
  const encode = (example: PromptExample): Prompt[] => {
    const ids = encodePrompt(tokenizer, example, refused);
    return ids === null ? [] : [{ ...example, ids }];
  };
  const fits = ({ ids }: { ids: number[] }) => ids.length <= config.maxPromptLength;
  const prompts = data.prompts.flatMap(encode).filter(fits);
  const numRefused = refused.length;
  const evalPrompts = data.evalPrompts.flatMap(encode).filter(fits);
  const refusal = refusalNotice(refused, data.prompts.length + data.evalPrompts.length);
  const { maxPromptLength, responseLength } = config;
  checkContext(
    [...prompts, ...evalPrompts].map(({ ids }) => ids.length + responseLength),
    { modelFolder, options: { maxPromptLength, responseLength } },
  );
  const order = createExampleOrder({
    seed: runtime.seed,
    stream: 'prompts',
    numExamples: prompts.length,
    whenNone: `none of ${data.prompts.length} prompts has at most maxPromptLength ${config.maxPromptLength} tokens${refusal ? `; ${refusal}` : ''}`,
  });
  const totalSteps = Math.ceil(config.totalEpisodes / rolloutBatchSize);

  // 2. Policy, frozen reference, score, critic, two optimizers.
  const { score, dispose: disposeScore } = openScore(source, { tokenizer, tokenizerFolder: modelFolder });
  const reference = loadPretrained(modelFolder);
  const policy = openPolicy(reference, run);
  const critic = resumeFrom ? loadPretrained(join(resumeFrom, 'critic')) : newCritic(source, reference);
  const policyOptimizer = createAdamW(policy.trainable, config.policyOptimizer);
  const criticOptimizer = createAdamW(critic.params, config.criticOptimizer);
  const steps = createPpoSteps({ policy, reference, critic, policyOptimizer, criticOptimizer, config });
  const { padTokenId } = tokenizer;
  const eosTokenIds = stopIds(tokenizer, reference.generationConfig);

  const generator = createGenerator(policy);
  const speaker = { generator, tokenizer, eosTokenIds };
  const maxNewTokens = config.responseLength;
  const judgment = { score, trueReward, config };

  // 3. Evaluation on fixed prompts with fixed draws, so that evaluations differ by the policy alone.
  const evaluate = () =>
    evaluatePolicy({ speaker, prompts: evalPrompts, reference: steps.reference, judge: judgment, config });

  // 4. What a checkpoint keeps of the run.
  let progress: Progress<z.output<typeof stateSchema>> = {
    ...{ step: 0, klCoefficient: config.kl.coefficient },
    ...{ before: null, best: null },
  };
  const optimizers = { policy: policyOptimizer, critic: criticOptimizer };
  const save = (reason: SaveReason) =>
    saveRun(run, reason, {
      progress,
      model: { ...policy, generationConfig: reference.generationConfig, tokenizerFolder: modelFolder },
      companions: { critic: { params: critic.params, config: { ...critic.config, padTokenId } } },
      optimizers,
    });

  try {
    progress = (yield* resumeRun(run, stateSchema, optimizers)) ?? progress;
    yield* beginRun(run, {
      ...{ totalSteps, step: progress.step, tokenizer },
      model: policy,
      firstIds: prompts[0]?.ids ?? [],
    });
    if (refusal) yield { type: 'warning', step: progress.step, message: refusal };
    const tooLong = data.prompts.length - prompts.length - numRefused;
    if (tooLong > 0) {
      const message = `${tooLong} of ${data.prompts.length} prompts are longer than maxPromptLength ${config.maxPromptLength} and left out`;
      yield { type: 'warning', step: progress.step, message };
    }
    let evaluation: Record<string, number> = progress.before ?? {};
    if (progress.step === 0 && evalPrompts.length > 0) {
      evaluation = await evaluate();
      progress.before = evaluation;
      yield { type: 'eval', step: 0, metrics: evaluation };
    }
    let entropyWarned = false;
    let lastKl = 0;

    while (progress.step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const { step, klCoefficient } = progress;

      // 5. Sample one response to each prompt.
      const batch = order(step * rolloutBatchSize, (step + 1) * rolloutBatchSize).map(
        (i) => prompts[i] as Prompt,
      );
      const rng = createRng(runtime.seed, `sampling/${step}`);
      const responses = await respond(speaker, batch, { rng, temperature, maxNewTokens });
      watch.lap('generate');

      // 6. Score them; a response that did not end gets the fixed score.
      const judged = await judge(responses, judgment);
      const batchIds = responses.map(({ id }) => id);
      const scored = judged.map((r, i) => [`score of response ${i}`, r.score] as const);
      assertFinite(Object.fromEntries(scored), { step: step + 1, batchIds, config });
      watch.lap('score');

      // 7. log pi, log pi_ref and V of every response token, by the forward pass that training uses.
      const { inputs, maskM, responseWidth } = episodeBatch(responses, { padTokenId });
      const { logProbsM } = await steps.policy(inputs);
      const { logProbsM: refLogProbsM } = await steps.reference(inputs);
      const { valuesM } = await steps.critic(inputs);
      const generationGap = largestSamplingGap(responses, { logProbsM: logProbsM.data, responseWidth });
      if (step === 0) {
        yield selfCheck({
          name: 'cached generation gives the log-probabilities of the training forward',
          deviation: generationGap,
          tolerance: 1e-4,
          detail: `largest difference over ${maskedCount(maskM)} tokens`,
        });
        yield selfCheck({
          name: 'policy equals reference',
          deviation: maskedMaxDifference(logProbsM.data, refLogProbsM.data, maskM),
          tolerance: 1e-6,
          detail: 'largest |log pi - log pi_ref| before the first update',
        });
      }
      watch.lap('forward');

      // 8. Rewards per token, advantages, returns.
      const { advantagesM, returnsM } = estimateAdvantages({
        logProbsM: logProbsM.data,
        refLogProbsM: refLogProbsM.data,
        valuesM: valuesM.data,
        maskM,
        scores: judged.map((r) => r.finalScore),
        responseWidth,
        beta: klCoefficient,
        gamma: config.gamma,
        lambda: config.lambda,
        whitenRewards: config.whitenRewards,
      });

      // 9. Learn from it: epochs of minibatches.
      const updates = await updateOnRollout(
        {
          responses,
          responseWidth,
          maskM,
          logProbsM: logProbsM.data,
          valuesM: valuesM.data,
          advantagesM,
          returnsM,
        },
        { steps, policyOptimizer, criticOptimizer, config, step, totalSteps, padTokenId },
      );
      const firstRatio = updates[0]?.['val/ratio'] ?? Number.NaN;
      if (step === 0) {
        yield selfCheck({
          name: 'first ratio is 1',
          deviation: firstRatio - 1,
          tolerance: 1e-5,
          detail: `mean of pi / pi_old in the first minibatch is ${firstRatio}`,
        });
      }
      watch.lap('update');

      // 10. Figures, KL controller.
      const figures = rolloutFigures({
        judged,
        logProbsM: logProbsM.data,
        refLogProbsM: refLogProbsM.data,
        valuesM: valuesM.data,
        returnsM,
        maskM,
        responseWidth,
        klCoefficient,
      });
      const seconds = watch.seconds();
      const totalSeconds = Object.values(seconds).reduce((a, b) => a + b, 0);
      const metrics: Record<string, number> = {
        ...figures.metrics,
        ...meanFigures(updates),
        'val/num_updates': updates.length,
        'val/generation_logprob_gap': generationGap,
        lr: learningRateAt(config.policyOptimizer, step, totalSteps),
        lr_critic: learningRateAt(config.criticOptimizer, step, totalSteps),
        episode: (step + 1) * rolloutBatchSize,
        eps: rolloutBatchSize / totalSeconds,
      };
      assertFinite(metrics, { step: step + 1, batchIds, config });
      lastKl = metrics['objective/kl'] as number;
      progress.step = step + 1;
      if (config.kl.controller === 'adaptive') {
        const { target, horizon } = config.kl;
        const observed = { coefficient: klCoefficient, observedKl: lastKl, target, horizon };
        progress.klCoefficient = nextKlCoefficient({ ...observed, numEpisodes: rolloutBatchSize });
      }
      yield { type: 'step', step: progress.step, totalSteps, metrics, seconds };
      if (step % config.sampleEvery === 0) {
        yield { type: 'sample', step: progress.step, samples: figures.samples.slice(0, SHOWN_EPISODES) };
      }
      const entropy = metrics['policy/entropy_avg'] as number;
      if (entropy < config.entropyFloor && !entropyWarned) {
        entropyWarned = true;
        const message = `mean entropy ${entropy.toFixed(4)} is under entropyFloor ${config.entropyFloor}`;
        yield { type: 'warning', step: progress.step, message };
      }

      // 11. Evaluate, watch for over-optimisation, save.
      if (evalPrompts.length > 0 && isEvaluationDue(run, progress.step, totalSteps)) {
        evaluation = await evaluate();
        yield { type: 'eval', step: progress.step, metrics: evaluation };
        const watched = watchOverOptimization(progress.best, evaluation);
        progress.best = watched.best;
        if (watched.message) yield { type: 'warning', step: progress.step, message: watched.message };
      }
      if (isCheckpointDue(run, progress.step, totalSteps)) yield save('scheduled');
      await otherWork();
    }

    // 12. Stopped on request, or done.
    const stopped = progress.step < totalSteps;
    const last = save(stopped ? 'interrupted' : 'final');
    yield last;
    const summary: Record<string, number> = {
      ...beforeAndAfter(progress.before ?? {}, evaluation),
      klToReference: evaluation['eval/kl'] ?? lastKl,
      klCoefficient: progress.klCoefficient,
      episodes: progress.step * rolloutBatchSize,
    };
    yield { type: 'done', step: progress.step, folder: last.folder, stopped, summary };
  } finally {
    for (const optimizer of Object.values(optimizers)) optimizer.dispose();
    generator.dispose();
    for (const { params } of policy.adapter ? [policy, critic] : [policy, reference, critic])
      disposeParams(params);
    disposeScore();
  }
}

/** The policy as it begins or goes on: the reference's own variables with an adapter beside them, or a model apart from it. */
function openPolicy(
  reference: { params: Params; config: ModelConfig },
  run: Run,
): Trainable & { config: ModelConfig } {
  if (run.baseSha256 !== null) return { ...asTrainable(reference, run), config: reference.config };
  const { resumeFrom } = run.folders;
  const { params, config } = resumeFrom
    ? loadPretrained(resumeFrom)
    : { params: copyParams(reference.params), config: reference.config };
  return { params, config, trainable: params, adapter: null };
}
