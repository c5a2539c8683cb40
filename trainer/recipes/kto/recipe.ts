/**
 * Kahneman-Tversky optimisation: each answer has a label of its own, desirable or not, and no partner is needed. What no method on
 * pairs can use becomes data: "both bad" and "both good", and answers flagged as harmful or untrue.
 *
 * mission 4.2, arXiv:2402.01306: loss, weights and z as there; z is the mean log-ratio of mismatched answers of the batch, never below 0, without
 * a gradient. Deviation from TRL: an answer's stranger is fixed for the whole run, comes from another prompt (TRL takes the next row,
 * which in preference data is the other answer to the same prompt), and its reference log-probability is read once with all others.
 * Leaves out: gradient accumulation, mixes with other losses, APO's unpaired form.
 *
 * Run: npm run train -- kto --model sft-folder --data labelled.jsonl --out folder
 * Shapes: S completions of a step, M their tokens.
 */
import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import { createRng } from '../../../lib/rng.ts';
import type { TrainEvent } from '../../events.ts';
import { ktoBaseline } from '../../math/kto-baseline.ts';
import { countParams, disposeParams } from '../../model/params.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { refusalNotice } from '../../tokenizer/encode-prompt.ts';
import { stopIds } from '../../tokenizer/stop-ids.ts';
import { completionBatch } from '../batches/completion-batch.ts';
import { bySplit, createEpochs } from '../batches/epochs.ts';
import { isPackingWorthIt } from '../batches/is-packing-worth-it.ts';
import { createAnswerSampler } from '../rollouts/answer-sampler.ts';
import { createCompletionReader } from '../rollouts/read-completions.ts';
import { asTrainable } from '../run/adapted-model.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { beginRun } from '../run/begin-run.ts';
import { checkContext } from '../run/check-context.ts';
import { floats, scalarOf } from '../run/host-arrays.ts';
import { openLanguageModel, openRun, openTokenizer } from '../run/open-run.ts';
import { type RecipeArgs, requireFolder } from '../run/recipe-args.ts';
import { measureReference } from '../run/reference-cache.ts';
import { resumeRun } from '../run/resume-run.ts';
import { runStateSchema } from '../run/run-state.ts';
import { endStopped, isCheckpointDue, isEvaluationDue, type SaveReason, saveRun } from '../run/save-run.ts';
import { checkFirstLoss } from '../run/self-check.ts';
import { startStopwatch } from '../run/stopwatch.ts';
import { heldOutSummary, undesirableWeight, unpairedFigures } from './figures.ts';
import { mismatchedRows, type UnpairedRow, unpairedRows } from './rows.ts';
import { createKtoStep } from './steps.ts';

const stateSchema = runStateSchema.extend({ numTokens: z.number().int().min(0) });

/**
 * Summary: heldOutAuroc with low and high (95 %, Hanley and McNeil) of the implicit reward, longerWins on the same answers, examples
 * (held out); trainExamples, desirable, undesirable, tooLong, refused,
 * undesirableWeight.
 */
export async function* kto(args: RecipeArgs<'kto'>): AsyncGenerator<TrainEvent> {
  const { config, folders, data, signal } = args;
  const { examples } = data;
  const { batchSize, beta, maxLength, precision, runtime } = config;
  const modelFolder = requireFolder(folders, 'model');
  const run = await openRun('kto', { ...args, data: examples });

  // 1. Rows.
  const { tokenizer, tokenizerFolder } = openTokenizer(run, modelFolder);
  const { padTokenId } = tokenizer;
  const split = bySplit(examples);
  const train = unpairedRows(split.train, { tokenizer, maxLength });
  const heldOut = unpairedRows(split.heldOut, { tokenizer, maxLength });
  const tooLong = train.tooLong + heldOut.tooLong;
  const refused = [...train.refused, ...heldOut.refused];
  const refusal = refusalNotice(refused, examples.length);
  const numDesirable = train.rows.filter(({ isDesirable }) => isDesirable).length;
  const numUndesirable = train.rows.length - numDesirable;
  if (!config.oneSided && train.rows.length > 0 && (numDesirable === 0 || numUndesirable === 0)) {
    throw new Error(
      `all ${train.rows.length} training answers are ${numDesirable === 0 ? 'undesirable' : 'desirable'}; KTO expects both, or oneSided: true with a low learning rate`,
    );
  }
  const mismatched = mismatchedRows(train.rows, createRng(runtime.seed, 'mismatched'));
  checkContext(
    [...train.rows, ...heldOut.rows].map((row) => row.promptIds.length + row.responseIds.length),
    { modelFolder, options: { maxLength } },
  );
  const passes = createEpochs({
    ...{ seed: runtime.seed, epochs: config.epochs, batchSize, numExamples: train.rows.length },
    whenNone: `of ${examples.length}, ${train.tooLong} are longer than maxLength ${maxLength} and ${heldOut.rows.length + heldOut.tooLong} are held out${refusal ? `; ${refusal}` : ''}`,
  });
  const { totalSteps } = passes;

  // 2. The policy and its step.
  const base = openLanguageModel(run, modelFolder);
  const { config: model } = base;
  // the answers it learns end with the template's turn end, so generation must stop there too
  const generationConfig = {
    ...base.generationConfig,
    eosTokenIds: stopIds(tokenizer, base.generationConfig),
  };
  const { params, trainable, adapter } = asTrainable(base, run);
  const optimizer = createAdamW(trainable, config.optimizer);
  const pack = isPackingWorthIt(countParams(params));
  const options = { ...config, undesirableWeight: undesirableWeight(train.rows, config) };
  const update = createKtoStep({
    model: { params, trainable, config: model },
    ...{ optimizer, options, compute: config },
  });
  const { read } = createCompletionReader({ params, config: model, padTokenId, precision });
  const sampler = createAnswerSampler(
    { params, config: model },
    {
      ...{ promptIds: heldOut.rows.map(({ promptIds }) => promptIds), tokenizer, options: config },
      ...{ eosTokenIds: generationConfig.eosTokenIds, seed: runtime.seed },
    },
  );

  // 3. What a checkpoint keeps of the run.
  let progress = { step: 0, numTokens: 0 };
  const save = (reason: SaveReason) =>
    saveRun(run, reason, {
      progress,
      model: { params, config: model, generationConfig, tokenizerFolder, adapter },
      optimizers: { model: optimizer },
    });

  try {
    progress = (yield* resumeRun(run, stateSchema, { model: optimizer })) ?? progress;
    const [first] = train.rows as [UnpairedRow];
    yield* beginRun(run, {
      ...{ totalSteps, step: progress.step, tokenizer },
      model: { params, trainable, adapter, config: model },
      firstIds: [...first.promptIds, ...first.responseIds],
    });
    if (refusal) yield { type: 'warning', step: progress.step, message: refusal };
    if (tooLong > 0) {
      const message = `${tooLong} of ${examples.length} answers are longer than maxLength ${maxLength} with their prompt and left out`;
      yield { type: 'warning', step: progress.step, message };
    }
    const balance = (config.desirableWeight * numDesirable) / (options.undesirableWeight * numUndesirable);
    if (!config.oneSided && (balance < 0.99 || balance > 1.34)) {
      const message = `desirable answers weigh ${balance.toFixed(2)} times the undesirable ones (${numDesirable} and ${numUndesirable}); the authors of KTO found 1 to 1.33 to work`;
      yield { type: 'warning', step: progress.step, message };
    }

    // 4. The reference: of every answer, and of every training prompt with its stranger.
    const completions = [...train.rows, ...mismatched, ...heldOut.rows].map(({ promptIds, responseIds }) => ({
      promptIds,
      responseIds,
    }));
    const about = { modelFolder, base, precision, rows: completions, step: progress.step };
    const reference = yield* measureReference(
      run,
      { ...about, numRows: completions.length },
      { logProbsS: completions.length },
      {
        signal,
        async *measure(frozen) {
          const reader = createCompletionReader({ params: frozen, config: model, padTokenId, precision });
          const { logProbsS } = yield* reader.readInPasses(completions);
          return { logProbsS };
        },
      },
    );
    const counts = {
      trainExamples: train.rows.length,
      desirable: numDesirable,
      undesirable: numUndesirable,
      tooLong,
      refused: refused.length,
      undesirableWeight: options.undesirableWeight,
    };
    if (reference === null) {
      yield* endStopped(save('interrupted'), counts);
      return;
    }
    const { logProbsS } = reference;
    const numTrain = train.rows.length;
    const heldOutReferenceS = logProbsS.subarray(2 * numTrain);
    const evaluate = async () => {
      const { logProbsS: policyS } = await read(heldOut.rows);
      const logProbs = { policyS, referenceS: heldOutReferenceS };
      const ratiosS = policyS.map((logProb, s) => logProb - (heldOutReferenceS[s] as number));
      return { figures: unpairedFigures(heldOut.rows, logProbs, beta), ratiosS };
    };
    // loss alone says nothing of answers that grow
    const tell = async function* (figures: Record<string, number>): AsyncGenerator<TrainEvent> {
      const { step } = progress;
      const sampled = await sampler.sample();
      const named = Object.entries(figures).map(([name, value]) => [`eval_${name}`, value] as const);
      yield { type: 'eval', step, metrics: { ...Object.fromEntries(named), ...sampled.figures } };
      if (sampled.samples.length > 0) yield { type: 'sample', step, samples: sampled.samples };
    };
    let measured = heldOut.rows.length > 0 ? await evaluate() : null;
    if (measured && progress.step === 0) yield* tell(measured.figures);

    // 5. Train.
    while (progress.step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const indices = passes.batchAfter(progress.step);
      const rows = indices.map((i) => train.rows[i] as UnpairedRow);
      const referenceS = indices.map((i) => logProbsS[i] as number);
      const strangers = await read(indices.map((i) => mismatched[i] as UnpairedRow));
      const klRatios = indices.map(
        (i, s) => (strangers.logProbsS[s] as number) - (logProbsS[numTrain + i] as number),
      );
      const baseline = ktoBaseline(klRatios);
      watch.lap('baseline');
      const learningRate = learningRateAt(config.optimizer, progress.step, totalSteps);
      const output = await update({
        ...completionBatch(rows, { padTokenId, pack }),
        isDesirableS: floats(rows.map(({ isDesirable }) => Number(isDesirable))),
        weightsS: floats(rows.map(() => 1 / rows.length)),
        referenceS: floats(referenceS),
        baseline: { shape: [], data: Float32Array.of(baseline) },
        ...optimizer.advance(learningRate),
      });
      const loss = scalarOf(output.loss);
      if (progress.step === 0)
        yield checkFirstLoss(loss, { expected: firstKtoLoss(rows, options), precision });
      progress = {
        step: progress.step + 1,
        numTokens:
          progress.numTokens +
          rows.reduce((sum, row) => sum + row.promptIds.length + row.responseIds.length, 0),
      };
      const { step } = progress;
      watch.lap('update');
      const metrics = {
        loss,
        ...unpairedFigures(rows, { policyS: output.logProbsS.data, referenceS }, beta),
        kl: baseline,
        grad_norm: scalarOf(output.gradNorm),
        learning_rate: learningRate,
        num_tokens: progress.numTokens,
        epoch: passes.epochAt(step),
      };
      assertFinite(metrics, { step, batchIds: rows.map(({ id }) => id), config });
      yield { type: 'step', step, totalSteps, metrics, seconds: watch.seconds() };
      if (measured && isEvaluationDue(run, step, totalSteps)) {
        measured = await evaluate();
        yield* tell(measured.figures);
      }
      if (isCheckpointDue(run, step, totalSteps)) yield save('scheduled');
      await otherWork();
    }

    // 6. Stopped on request, or done.
    const { step } = progress;
    const stopped = step < totalSteps;
    const last = save(stopped ? 'interrupted' : 'final');
    yield last;
    const summary: Record<string, number> = {
      ...(measured && !stopped ? heldOutSummary(heldOut.rows, measured.ratiosS) : {}),
      ...counts,
    };
    yield { type: 'done', step, folder: last.folder, stopped, summary };
  } finally {
    sampler.dispose();
    optimizer.dispose();
    disposeParams(params);
  }
}

/** Policy and reference agree before the first update: every v is 1/2, and the loss half of the mean weight. */
function firstKtoLoss(
  rows: readonly UnpairedRow[],
  weights: { desirableWeight: number; undesirableWeight: number },
): number {
  const of = (row: UnpairedRow) => (row.isDesirable ? weights.desirableWeight : weights.undesirableWeight);
  return rows.reduce((sum, row) => sum + of(row), 0) / rows.length / 2;
}
