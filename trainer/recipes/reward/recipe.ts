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
 * R17 with an adapter the head is trained whole beside it, done.
 *
 * Run: npm run train -- reward --model sft-folder --data ranked.jsonl --out folder
 * Shapes: B prompts, K responses each, M = all responses of a step, P pairs, T width.
 */
import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import { createRng } from '../../../lib/rng.ts';
import type { TrainEvent } from '../../events.ts';
import { scoreNormalization } from '../../math/score-normalization.ts';
import { isRewardModel, type ModelConfig } from '../../model/config.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { addScoreHead } from '../../model/heads.ts';
import { SCORE_WEIGHT } from '../../model/param-shapes.ts';
import { countParams, disposeParams, type Params, param, readFloats } from '../../model/params.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { tf } from '../../tensors/tf.ts';
import { refusalNotice } from '../../tokenizer/encode-prompt.ts';
import { bySplit, createEpochs } from '../batches/epochs.ts';
import { isPackingWorthIt } from '../batches/is-packing-worth-it.ts';
import { type RankedAccuracy, rankedAccuracy } from '../batches/ranked-accuracy.ts';
import { type RankedRow, rankedRows } from '../batches/ranked-rows.ts';
import { heldOutSummary, notices } from '../batches/ranked-summary.ts';
import { rewardBatch } from '../batches/reward-batch.ts';
import { createScorer } from '../rollouts/create-scorer.ts';
import { sampleReferences } from '../rollouts/sample-references.ts';
import { asTrainable } from '../run/adapted-model.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { beginRun } from '../run/begin-run.ts';
import { checkContext } from '../run/check-context.ts';
import { scalarOf } from '../run/host-arrays.ts';
import { openRun, openTokenizer, weightsFolder } from '../run/open-run.ts';
import { type RecipeArgs, requireFolder } from '../run/recipe-args.ts';
import { resumeRun } from '../run/resume-run.ts';
import { runStateSchema } from '../run/run-state.ts';
import { isCheckpointDue, isEvaluationDue, type SaveReason, saveRun } from '../run/save-run.ts';
import { selfCheck } from '../run/self-check.ts';
import { startStopwatch } from '../run/stopwatch.ts';
import { batchFigures, evaluationFigures, scoredSamples } from './figures.ts';
import { createRewardStep } from './steps.ts';

/** Rounding only: see the check. */
const FIRST_LOSS_TOLERANCE = 1e-6;
const FIRST_LOSS_EXAMPLES = 64;
/** Enough to see how far training and held-out accuracy part; all of them would take a third of an epoch's time. */
const TRAIN_ACCURACY_EXAMPLES = 512;

const stateSchema = runStateSchema.extend({ numTokens: z.number().int().min(0) });

/**
 * Summary: heldOutAccuracy with low and high (95 % Wilson), heldOutStrict, heldOutLoss, examples and pairs (held out),
 * longerWins and bagOfWords (baselines on the same pairs), trainAccuracy (of the first 512), trainExamples, dropped, promptsCut,
 * identicalPairs, refused, gain, bias.
 */
export async function* reward(args: RecipeArgs<'reward'>): AsyncGenerator<TrainEvent> {
  const { config, folders, signal } = args;
  const { batchSize, maxLength, runtime } = config;
  // the prompts are for the samples of step 6; the training prompts serve where there are none
  const { examples, referencePrompts } = args.data;
  const modelFolder = requireFolder(folders, 'model');
  const run = await openRun('reward', { ...args, data: [examples, referencePrompts] });

  // 1. Rows: prompt + response + EOS, pairs of the same prompt together.
  const { tokenizer, tokenizerFolder } = openTokenizer(run, modelFolder);
  const { padTokenId } = tokenizer;
  const split = bySplit(examples);
  const train = rankedRows(split.train, { tokenizer, ...config });
  const heldOut = rankedRows(split.heldOut, { tokenizer, ...config });
  checkContext(
    [...train.rows, ...heldOut.rows].flatMap((row) => row.sequences.map((ids) => ids.length)),
    { modelFolder, options: { maxLength } },
  );
  const refused = [...train.refused, ...heldOut.refused];
  const refusal = refusalNotice(refused, examples.length);
  const passes = createEpochs({
    ...{ seed: runtime.seed, epochs: config.epochs, batchSize, numExamples: train.rows.length },
    whenNone: `of ${examples.length}, ${train.counts.withoutPairs} rank nothing above anything, ${train.counts.dropped} are longer than maxLength ${maxLength}, and ${heldOut.rows.length} are held out; ${train.counts.identicalPairs} pairs are the same tokens after cutting${refusal ? `; ${refusal}` : ''}`,
  });
  const { totalSteps } = passes;

  // 2. The model: the SFT trunk with a new head, or a reward model that goes on. Raw scores while it trains.
  const { isNewHead, ...base } = openRewardModel(weightsFolder(run, modelFolder), {
    seed: runtime.seed,
    padTokenId,
  });
  const { config: model } = base;
  const { params, trainable, adapter } = asTrainable(base, run);
  const optimizer = createAdamW(trainable, config.optimizer);
  const pack = isPackingWorthIt(countParams(params));
  const score = createScorer({ params, config: model, padTokenId, precision: config.precision });
  const scoresOf = (rows: readonly RankedRow[]) => score(rows.flatMap(({ sequences }) => sequences));
  const evaluate = async (rows: readonly RankedRow[]) => rankedAccuracy(rows, await scoresOf(rows));

  // 3. The compiled step.
  const update = createRewardStep({ params, trainable, model, optimizer, options: config });

  // 4. What a checkpoint keeps of the run.
  let progress = { step: 0, numTokens: 0 };
  const save = (reason: SaveReason, { gain, bias } = { gain: 1, bias: 0 }) =>
    saveRun(run, reason, {
      progress,
      model: { params, config: { ...model, rewardGain: gain, rewardBias: bias }, tokenizerFolder, adapter },
      optimizers: { model: optimizer },
    });

  try {
    progress = (yield* resumeRun(run, stateSchema, { model: optimizer })) ?? progress;
    const [first] = train.rows as [RankedRow];
    yield* beginRun(run, {
      ...{ totalSteps, step: progress.step, tokenizer },
      model: { params, trainable, adapter, config: model },
      firstIds: first.sequences[0] as number[],
    });
    yield selfCheck({
      name: 'reward head present',
      deviation: params[SCORE_WEIGHT] ? 0 : 1,
      tolerance: 0,
      detail: `${SCORE_WEIGHT} of ${modelFolder}`,
    });
    if (refusal) yield { type: 'warning', step: progress.step, message: refusal };
    for (const message of notices(train.counts, heldOut.counts, config))
      yield { type: 'warning', step: progress.step, message };
    if (progress.step === 0 && isNewHead) {
      // by a head of zeros, since the loss of one drawn at random depends on the draw: with few wordings the differences are
      // few, and may all point one way
      const { loss } = await withZeroHead(params, () => evaluate(train.rows.slice(0, FIRST_LOSS_EXAMPLES)));
      yield selfCheck({
        name: 'untrained loss is ln 2',
        deviation: loss - Math.LN2,
        tolerance: FIRST_LOSS_TOLERANCE,
        detail: `loss ${loss} with a head of zeros over ${Math.min(FIRST_LOSS_EXAMPLES, train.rows.length)} examples, ln 2 = ${Math.LN2}`,
      });
    }
    // the last evaluation is also the one of the summary
    let measured: { step: number; figures: RankedAccuracy; scoresM: Float32Array } | null = null;
    const measureHeldOut = async () => {
      const { step } = progress;
      if (measured?.step !== step) {
        const scoresM = await scoresOf(heldOut.rows);
        measured = { step, figures: rankedAccuracy(heldOut.rows, scoresM), scoresM };
      }
      return measured;
    };

    // 5. Train.
    while (progress.step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const rows = passes.batchAfter(progress.step).map((i) => train.rows[i] as RankedRow);
      const { numTokens, ...batch } = rewardBatch(rows, { padTokenId, pack, useMargin: config.useMargin });
      const learningRate = learningRateAt(config.optimizer, progress.step, totalSteps);
      const { loss, gradNorm, scoresM } = await update({ ...batch, ...optimizer.advance(learningRate) });
      progress = { step: progress.step + 1, numTokens: progress.numTokens + numTokens };
      const { step } = progress;
      watch.lap('update');
      const metrics = {
        loss: scalarOf(loss),
        ...batchFigures(rows, Float32Array.from(scoresM.data)),
        grad_norm: scalarOf(gradNorm),
        learning_rate: learningRate,
        num_tokens: progress.numTokens,
        epoch: passes.epochAt(step),
      };
      assertFinite(metrics, { step, batchIds: rows.map(({ id }) => id), config });
      yield { type: 'step', step, totalSteps, metrics, seconds: watch.seconds() };
      if (heldOut.counts.kept > 0 && isEvaluationDue(run, step, totalSteps)) {
        const { figures, scoresM } = await measureHeldOut();
        yield { type: 'eval', step, metrics: evaluationFigures(figures) };
        const samples = scoredSamples(heldOut.rows.slice(0, config.samplePrompts), scoresM, tokenizer);
        if (samples.length > 0) yield { type: 'sample', step, samples };
      }
      if (isCheckpointDue(run, step, totalSteps)) yield save('scheduled');
      await otherWork();
    }
    const { step } = progress;
    if (step < totalSteps) {
      const last = save('interrupted');
      yield last;
      yield { type: 'done', step, folder: last.folder, stopped: true, summary: {} };
      return;
    }

    // 6. Scores of the SFT model's own samples become mean 0, std 1 (R10).
    let scale = { gain: 1, bias: 0 };
    if (config.normalizeOn > 0) {
      const samples = await sampleReferences({
        modelFolder,
        prompts:
          referencePrompts.length > 0 ? referencePrompts : examples.map(({ id, prompt }) => ({ id, prompt })),
        tokenizer,
        count: config.normalizeOn,
        maxNewTokens: train.rows.reduce((max, row) => Math.max(max, row.longestResponse), 1),
        maxLength,
        seed: runtime.seed,
      });
      if (samples === null) {
        const message = `${modelFolder} cannot be sampled from: scores are not normalised`;
        yield { type: 'warning', step, message };
      } else {
        scale = scoreNormalization(await score(samples));
      }
    }

    // 7. Measure: held-out accuracy with interval, beside what length alone and words alone would give.
    const last = save('final', scale);
    yield last;
    const trained = await evaluate(train.rows.slice(0, TRAIN_ACCURACY_EXAMPLES));
    const summary = {
      trainExamples: train.rows.length,
      trainAccuracy: trained.accuracy,
      dropped: train.counts.dropped + heldOut.counts.dropped,
      promptsCut: train.counts.promptsCut + heldOut.counts.promptsCut,
      identicalPairs: train.counts.identicalPairs + heldOut.counts.identicalPairs,
      refused: refused.length,
      ...scale,
      ...heldOutSummary((await measureHeldOut()).figures, { train: train.rows, heldOut: heldOut.rows }),
    };
    yield { type: 'done', step, folder: last.folder, stopped: false, summary };
  } finally {
    optimizer.dispose();
    disposeParams(params);
  }
}

function openRewardModel(folder: string, { seed, padTokenId }: { seed: number; padTokenId: number }) {
  const loaded = loadPretrained(folder);
  const isNewHead = !isRewardModel(loaded.config);
  const withHead = isNewHead ? addScoreHead(loaded.params, loaded.config, createRng(seed, 'init')) : loaded;
  // what it was calibrated to is not what it becomes
  const { rewardTemperature: _, ...config } = withHead.config;
  return {
    params: withHead.params,
    config: { ...config, rewardGain: 1, rewardBias: 0, padTokenId } as ModelConfig,
    isNewHead,
  };
}

/** What `measure` gives while every score is 0; the head is as before afterwards. */
async function withZeroHead<T>(params: Params, measure: () => Promise<T>): Promise<T> {
  const head = param(params, SCORE_WEIGHT);
  const drawn = readFloats(head);
  const write = (values: Float32Array) =>
    tf.tidy(() => head.assign(tf.tensor(values, head.shape, 'float32')));
  write(new Float32Array(drawn.length));
  try {
    return await measure();
  } finally {
    write(drawn);
  }
}
