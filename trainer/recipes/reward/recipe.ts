/**
 * Reward model: Bradley-Terry on ranked responses, from the SFT model's trunk with a new scalar head.
 *
 * training.md 2.1 item by item: R1 softplus form, done. R2 margin, done (`useMargin`). R3 centring, done. R4 all C(K,2) pairs
 * of a prompt in one step, weighted 1/C(K,2), done. R5 best-of-K cross-entropy is in losses/listwise.ts, not offered here:
 * rankings carry more. R6 ties as target 0.5, done; other soft targets wait for labels that have them. R7 score at EOS,
 * appended here, done. R8 pad differs from EOS, checked; pad id written to config.json. R9 head N(0, 1/(d+1)), done.
 * R10 mean 0, std 1 on samples of the SFT model after training, done; the "before" half of lm-human-preferences is not:
 * the head starts near it. R11 one epoch, no dropout, done. R12 too long: prompt cut or example dropped, counted, done.
 * R13 pad invariance, tested. R14 metrics, done (docs/metrics.md). R15 accuracy by example, done. R16 is not to be copied.
 * R17 concerns LoRA, which is not here yet.
 *
 * Run: npm run train -- reward --model sft-folder --data ranked.jsonl --out folder
 * Shapes: B prompts, K responses each, M = all responses of a step, P pairs, T width.
 */
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import { chooseBackend } from '../../backends/choose.ts';
import { deviceName } from '../../backends/device-name.ts';
import { checkpointFolder, pruneCheckpoints, readCheckpoint, writeCheckpoint } from '../../checkpoint.ts';
import { type RewardConfig, rewardSchema } from '../../config/reward.ts';
import type { TrainEvent } from '../../events.ts';
import { rewardPairwise } from '../../losses/reward-pairwise.ts';
import { fitBagOfWords } from '../../math/bag-of-words.ts';
import { scoreNormalization } from '../../math/score-normalization.ts';
import { isRewardModel } from '../../model/config.ts';
import { forwardHidden } from '../../model/decoder.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { addScoreHead, scoreHidden } from '../../model/heads.ts';
import { SCORE_WEIGHT } from '../../model/param-shapes.ts';
import { countParams, disposeParams } from '../../model/params.ts';
import type { TokenBatch } from '../../model/token-batch.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { createRng } from '../../rng.ts';
import { compile } from '../../tensors/compile.ts';
import type { Tensor } from '../../tensors/tf.ts';
import { loadTokenizer } from '../../tokenizer/load-tokenizer.ts';
import { createExampleOrder } from '../batches/example-order.ts';
import { isPackingWorthIt } from '../batches/is-packing-worth-it.ts';
import { type RankedCounts, type RankedRow, rankedRows } from '../batches/ranked-rows.ts';
import { rewardBatch } from '../batches/reward-batch.ts';
import { createScorer } from '../rollouts/create-scorer.ts';
import { sampleReferences } from '../rollouts/sample-references.ts';
import { asTrainable, checkAdapterChangesNothing } from '../run/adapted-model.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { checkContext } from '../run/check-context.ts';
import { scalarOf } from '../run/host-arrays.ts';
import { keepTokenizer } from '../run/keep-tokenizer.ts';
import { type RecipeArgs, requireFolder } from '../run/recipe-args.ts';
import {
  adaptedRunStateSchema,
  assertSameBase,
  assertSameRun,
  baseHash,
  dataHash,
  savedOptimizer,
  warnOfOtherBackend,
} from '../run/run-state.ts';
import { checkPadDiffersFromEos, selfCheck } from '../run/self-check.ts';
import { startStopwatch } from '../run/stopwatch.ts';
import { rankedAccuracy } from './ranked-accuracy.ts';

/** A head of unit scale spreads untrained differences: softplus adds up to sigma^2 / 8 to ln 2, sigma^2 at most about 2. */
const FIRST_LOSS_TOLERANCE = 0.35;
const FIRST_LOSS_EXAMPLES = 64;
/** Enough to see how far training and held-out accuracy part; all of them would take a third of an epoch's time. */
const TRAIN_ACCURACY_EXAMPLES = 512;

/**
 * Summary: heldOutAccuracy with low and high (95 % Wilson), heldOutStrict, heldOutLoss, examples and pairs (held out),
 * longerWins and bagOfWords (baselines on the same pairs), trainAccuracy (of the first 512), trainExamples, dropped, promptsCut, gain, bias.
 */
export async function* reward(args: RecipeArgs<'reward'>): AsyncGenerator<TrainEvent> {
  const { config, folders, signal } = args;
  const { out: outFolder, resumeFrom } = folders;
  const modelFolder = requireFolder(folders, 'model');
  // the prompts are for the samples of step 6; the training prompts serve where there are none
  const { examples, referencePrompts } = args.data;
  const { batchSize, runtime } = config;
  const backend = await chooseBackend(args.backend);
  const dataSha256 = dataHash([examples, referencePrompts]);

  // 1. Rows: prompt + response + EOS, pairs of the same prompt together.
  const tokenizerFolder = resumeFrom ? keepTokenizer(resumeFrom, outFolder) : modelFolder;
  const tokenizer = loadTokenizer(tokenizerFolder);
  const options = { tokenizer, ...config };
  const train = rankedRows(
    examples.filter(({ split }) => split === 'train'),
    options,
  );
  const heldOut = rankedRows(
    examples.filter(({ split }) => split === 'heldout'),
    options,
  );
  checkContext(
    [...train.rows, ...heldOut.rows].flatMap((row) => row.sequences.map((ids) => ids.length)),
    { modelFolder, options: { maxLength: config.maxLength } },
  );
  const order = createExampleOrder({
    seed: runtime.seed,
    stream: 'examples',
    numExamples: train.rows.length,
    whenNone: `of ${examples.length}, ${train.counts.withoutPairs} rank nothing above anything, ${train.counts.dropped} are longer than maxLength ${config.maxLength}, and ${heldOut.rows.length} are held out`,
  });
  const numSeen = Math.max(1, Math.round(config.epochs * train.rows.length));
  const totalSteps = Math.ceil(numSeen / batchSize);

  // 2. The model: the SFT trunk with a new head, or a reward model that goes on. Raw scores while it trains.
  const baseSha256 = config.lora.rank === null ? null : baseHash(modelFolder);
  const { isNewHead, ...base } = openRewardModel(
    baseSha256 === null ? (resumeFrom ?? modelFolder) : modelFolder,
    { seed: runtime.seed, padTokenId: tokenizer.padTokenId },
  );
  const { config: model } = base;
  const { params, trainable, lora } = asTrainable(base, { ...config, seed: runtime.seed, resumeFrom });
  const adapter = lora && { lora, baseModel: modelFolder };
  const optimizer = createAdamW(trainable, config.optimizer);
  const pack = isPackingWorthIt(countParams(params));
  const score = createScorer({
    params,
    config: model,
    padTokenId: tokenizer.padTokenId,
    precision: config.precision,
  });
  const evaluate = (rows: readonly RankedRow[]) => rankedAccuracy(rows, score);

  // 3. The compiled step.
  type Names = 'lastM' | 'chosenP' | 'rejectedP' | 'targetsP' | 'marginsP' | 'weightsP';
  type Scalars = { learningRate: Tensor; biasCorrection1: Tensor; biasCorrection2: Tensor };
  const update = compile(
    'reward step',
    (inputs: TokenBatch & Record<Names, Tensor> & Scalars) => {
      const { loss, aux, grads } = valueAndGrads(trainable, () => {
        const hiddenMD = forwardHidden(params, model, inputs, {
          recompute: config.recompute,
          rowsM: inputs.lastM,
        });
        const scoresM = scoreHidden(params, model, hiddenMD);
        return { loss: rewardPairwise({ ...inputs, scoresM, centering: config.centering }), scoresM };
      });
      const gradNorm = optimizer.update(grads, inputs);
      return { loss, gradNorm, scoresM: aux.scoresM };
    },
    config,
  );

  // 4. Checkpoints.
  let step = 0;
  let numTokens = 0;
  const save = (reason: 'scheduled' | 'interrupted' | 'final', scale = { gain: 1, bias: 0 }) => {
    const folder = reason === 'final' ? join(outFolder, 'final') : checkpointFolder(outFolder, step);
    const state = { step, config, dataSha256, baseSha256, backend, numTokens };
    const training = reason === 'final' ? null : { state, optimizers: { model: optimizer.exportState() } };
    const scaled = { ...model, rewardGain: scale.gain, rewardBias: scale.bias };
    const { manifestSha256 } = writeCheckpoint({
      folder,
      model: { params, config: scaled, tokenizerFolder, adapter },
      training,
    });
    if (training) pruneCheckpoints(outFolder, runtime.keepCheckpoints);
    return { type: 'checkpoint', step, folder, manifestSha256, reason } as const;
  };

  try {
    if (resumeFrom) {
      const saved = readCheckpoint(resumeFrom, stateSchema);
      assertSameRun(saved.state, { config, schema: rewardSchema, dataSha256, folder: resumeFrom });
      assertSameBase(saved.state, { baseSha256, modelFolder, folder: resumeFrom });
      yield* warnOfOtherBackend(saved.state, backend);
      optimizer.importState(savedOptimizer(saved.optimizers, 'model', resumeFrom));
      ({ step, numTokens } = saved.state);
    }
    yield {
      type: 'plan',
      recipe: 'reward',
      totalSteps,
      config,
      backend,
      device: deviceName(backend),
      numParameters: countParams(params),
    };
    yield checkPadDiffersFromEos(tokenizer);
    yield selfCheck({
      name: 'reward head present',
      deviation: params[SCORE_WEIGHT] ? 0 : 1,
      tolerance: 0,
      detail: `${SCORE_WEIGHT} of ${modelFolder}`,
    });
    const first = train.rows[0]?.sequences[0];
    if (lora && first && step === 0)
      yield checkAdapterChangesNothing(
        { params, config: model },
        { ids: first, padTokenId: tokenizer.padTokenId },
      );
    for (const message of notices(train.counts, heldOut.counts, config))
      yield { type: 'warning', step, message };
    if (step === 0 && isNewHead) {
      const { loss } = evaluate(train.rows.slice(0, FIRST_LOSS_EXAMPLES));
      yield selfCheck({
        name: 'untrained loss is ln 2',
        deviation: loss - Math.LN2,
        tolerance: FIRST_LOSS_TOLERANCE,
        detail: `loss ${loss} over ${Math.min(FIRST_LOSS_EXAMPLES, train.rows.length)} examples, ln 2 = ${Math.LN2}`,
      });
    }
    // the last evaluation is also the one of the summary
    let measured: { step: number; figures: ReturnType<typeof evaluate> } | null = null;
    const measureHeldOut = () => {
      if (measured?.step !== step) measured = { step, figures: evaluate(heldOut.rows) };
      return measured.figures;
    };
    const evalEvent = (): TrainEvent => {
      const { loss, accuracy, strict, margin, meanScore, stdScore } = measureHeldOut();
      const metrics = {
        eval_loss: loss,
        eval_accuracy: accuracy,
        eval_accuracy_strict: strict,
        eval_margin: margin,
        eval_mean_reward: meanScore,
        eval_std_reward: stdScore,
      };
      // held-out rows that are all ties have no accuracy
      const measured = Object.entries(metrics).filter(([, value]) => !Number.isNaN(value));
      return { type: 'eval', step, metrics: Object.fromEntries(measured) };
    };

    // 5. Train.
    while (step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const indices = order(step * batchSize, Math.min((step + 1) * batchSize, numSeen));
      const rows = indices.map((i) => train.rows[i] as RankedRow);
      const { numTokens: inBatch, ...batch } = rewardBatch(rows, {
        padTokenId: tokenizer.padTokenId,
        pack,
        useMargin: config.useMargin,
      });
      const learningRate = learningRateAt(config.optimizer, step, totalSteps);
      const { loss, gradNorm, scoresM } = update({ ...batch, ...optimizer.advance(learningRate) });
      step++;
      numTokens += inBatch;
      watch.lap('update');
      const scores = Float32Array.from(scoresM.data);
      const { accuracy, strict, margin, meanScore } = rankedAccuracy(rows, () => scores);
      const metrics = {
        loss: scalarOf(loss),
        // Ties only: there is no pair to be right about, and no number is better than a made-up one.
        ...(Number.isNaN(accuracy) ? {} : { accuracy, accuracy_strict: strict, margin }),
        mean_reward: meanScore,
        min_reward: scores.reduce((a, b) => Math.min(a, b)),
        max_reward: scores.reduce((a, b) => Math.max(a, b)),
        grad_norm: scalarOf(gradNorm),
        learning_rate: learningRate,
        num_tokens: numTokens,
        epoch: Math.min(step * batchSize, numSeen) / train.rows.length,
      };
      assertFinite(metrics, { step, batchIds: rows.map(({ id }) => id), config });
      yield { type: 'step', step, totalSteps, metrics, seconds: watch.seconds() };
      if (heldOut.counts.kept > 0 && (step % runtime.evalEvery === 0 || step === totalSteps))
        yield evalEvent();
      if (step % runtime.checkpointEvery === 0 && step < totalSteps) yield save('scheduled');
      await otherWork();
    }
    if (step < totalSteps) {
      const last = save('interrupted');
      yield last;
      yield { type: 'done', step, folder: last.folder, stopped: true, summary: {} };
      return;
    }

    // 6. Scores of the SFT model's own samples become mean 0, std 1 (R10).
    let scale = { gain: 1, bias: 0 };
    if (config.normalizeOn > 0) {
      const samples = sampleReferences({
        modelFolder,
        prompts:
          referencePrompts.length > 0 ? referencePrompts : examples.map(({ id, prompt }) => ({ id, prompt })),
        tokenizer,
        count: config.normalizeOn,
        maxNewTokens: train.rows.reduce((max, row) => Math.max(max, row.longestResponse), 1),
        maxLength: config.maxLength,
        seed: runtime.seed,
      });
      if (samples === null) {
        yield {
          type: 'warning',
          step,
          message: `${modelFolder} cannot be sampled from: scores are not normalised`,
        };
      } else {
        scale = scoreNormalization(score(samples));
      }
    }

    // 7. Measure: held-out accuracy with interval, beside what length alone and words alone would give.
    const last = save('final', scale);
    yield last;
    const trained = evaluate(train.rows.slice(0, TRAIN_ACCURACY_EXAMPLES));
    const summary: Record<string, number> = {
      trainExamples: train.rows.length,
      trainAccuracy: trained.accuracy,
      dropped: train.counts.dropped + heldOut.counts.dropped,
      promptsCut: train.counts.promptsCut + heldOut.counts.promptsCut,
      ...scale,
    };
    const { accuracy, strict, low, high, loss, numExamples, numPairs } = measureHeldOut();
    if (numPairs > 0) {
      const accuracyOf = (scoreText: (response: string) => number) =>
        rankedAccuracy(heldOut.rows, () =>
          Float32Array.from(heldOut.rows.flatMap(({ responses }) => responses.map(scoreText))),
        ).accuracy;
      Object.assign(summary, {
        heldOutAccuracy: accuracy,
        low,
        high,
        heldOutStrict: strict,
        heldOutLoss: loss,
        examples: numExamples,
        pairs: numPairs,
        longerWins: accuracyOf((response) => response.length),
        bagOfWords: accuracyOf(fitBagOfWords(train.rows)),
      });
    }
    yield { type: 'done', step, folder: last.folder, stopped: false, summary };
  } finally {
    optimizer.dispose();
    disposeParams(params);
  }
}

const stateSchema = adaptedRunStateSchema.extend({ numTokens: z.number().int().min(0) });

function openRewardModel(folder: string, { seed, padTokenId }: { seed: number; padTokenId: number }) {
  const loaded = loadPretrained(folder);
  const isNewHead = !isRewardModel(loaded.config);
  const withHead = isNewHead ? addScoreHead(loaded.params, loaded.config, createRng(seed, 'init')) : loaded;
  return {
    params: withHead.params,
    config: { ...withHead.config, rewardGain: 1, rewardBias: 0, padTokenId },
    isNewHead,
  };
}

/** What became of examples that could not be used as they are. */
function notices(train: RankedCounts, heldOut: RankedCounts, { maxLength }: RewardConfig): string[] {
  const sum = (key: keyof RankedCounts) => train[key] + heldOut[key];
  const all: [keyof RankedCounts, string][] = [
    ['promptsCut', `examples are longer than maxLength ${maxLength}: the start of the prompt is cut`],
    ['responsesCut', `examples have a response longer than maxLength ${maxLength}: its end is cut`],
    ['dropped', `examples are longer than maxLength ${maxLength} and left out`],
    ['withoutPairs', 'examples have no pair to learn from and are left out'],
  ];
  return all.filter(([key]) => sum(key) > 0).map(([key, text]) => `${sum(key)} ${text}`);
}
