/**
 * Direct preference optimisation on ranked responses: the policy itself is fitted to judgments, without a reward model.
 *
 * training.md 2.4: all losses of config/dpo.ts, sums over completion tokens with their end token; reference log-probabilities once
 * before training (kept in the cache folder), with LoRA from the base under the adapter; first loss as it must be, checked. Deviations
 * from TRL: all C(K,2) pairs of a prompt are in one step and weigh 1 / C(K,2) each, as in the reward model; `ipo` divides each
 * log-ratio by its own length as TRL does, `ipoLengthNormalized: false` gives the original repository's sums; ties can be fitted
 * (Rao and Kupper) where TRL drops them; AdamW instead of the original's RMSprop. A prompt too long loses its start; a
 * completion is never cut to nothing, and keeps its end token.
 * Leaves out: mixes of losses, f-divergences, reference models other than the start, gradient accumulation, precomputation on disk
 * beyond 64 data sets.
 *
 * Run: npm run train -- dpo --model sft-folder --data ranked.jsonl --out folder
 * Shapes: S completions of a step, M their tokens, P pairs.
 */
import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import type { DpoConfig } from '../../config/dpo.ts';
import type { RankedExample } from '../../data/types.ts';
import type { TrainEvent } from '../../events.ts';
import { firstDpoLoss } from '../../losses/dpo.ts';
import { countParams, disposeParams } from '../../model/params.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { refusalNotice } from '../../tokenizer/encode-prompt.ts';
import { stopIds } from '../../tokenizer/stop-ids.ts';
import { bySplit, createEpochs } from '../batches/epochs.ts';
import { isPackingWorthIt } from '../batches/is-packing-worth-it.ts';
import { rankedAccuracy } from '../batches/ranked-accuracy.ts';
import { type RankedRow, rankedRows } from '../batches/ranked-rows.ts';
import { heldOutSummary, notices } from '../batches/ranked-summary.ts';
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
import { chesOfPairs, mostAlike } from './alike.ts';
import { implicitRewards, preferenceFigures, watchDisplacement } from './figures.ts';
import { completionsOf, pairBatch } from './pair-batch.ts';
import { createDpoStep, dpoOptions } from './steps.ts';

/** Pairs shown before training whose answers the model can hardly tell apart. */
const SHOWN_PAIRS = 8;

const progressSchema = z.strictObject({
  step: z.number().int().min(0),
  numTokens: z.number().int().min(0),
  /** of the first step; null before it */
  firstLoss: z.number().nullable(),
});
const stateSchema = runStateSchema.extend(progressSchema.shape);

/**
 * Summary: firstLoss; heldOutAccuracy with low and high (95 % Wilson) of the implicit reward, longerWins and bagOfWords on the same
 * pairs, examples and pairs (held out); chosenChange (held out, nats per token); trainExamples, ties, dropped, promptsCut,
 * identicalPairs, refused.
 */
export async function* dpo(args: RecipeArgs<'dpo'>): AsyncGenerator<TrainEvent> {
  const { config, folders, data, signal } = args;
  const { examples } = data;
  const { batchSize, maxLength, runtime } = config;
  const modelFolder = requireFolder(folders, 'model');
  const run = await openRun('dpo', { ...args, data: examples });

  // 1. Rows: prompt + response + end token, answers to the same prompt together.
  const { tokenizer, tokenizerFolder } = openTokenizer(run, modelFolder);
  const { padTokenId } = tokenizer;
  const options = { tokenizer, ...config, useTies: config.ties !== 'leave-out' };
  const split = bySplit(examples);
  const train = rankedRows(split.train, options);
  const heldOut = rankedRows(split.heldOut, options);
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

  // 2. The policy, and log pi_ref of every completion from the model that it starts as.
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
  const update = createDpoStep({ model: { params, trainable, config: model }, optimizer, config });
  const { precision } = config;
  const policy = createCompletionReader({ params, config: model, padTokenId, precision });
  const sampler = createAnswerSampler(
    { params, config: model },
    {
      promptIds: heldOut.rows.map(({ sequences: [ids], promptLength }) =>
        (ids as number[]).slice(0, promptLength),
      ),
      ...{ tokenizer, eosTokenIds: generationConfig.eosTokenIds, options: config, seed: runtime.seed },
    },
  );

  // 3. What a checkpoint keeps of the run.
  let progress: z.output<typeof progressSchema> = { step: 0, numTokens: 0, firstLoss: null };
  const save = (reason: SaveReason) =>
    saveRun(run, reason, {
      progress,
      model: { params, config: model, generationConfig, tokenizerFolder, adapter },
      optimizers: { model: optimizer },
    });

  try {
    progress = (yield* resumeRun(run, stateSchema, { model: optimizer })) ?? progress;
    yield* beginRun(run, {
      ...{ totalSteps, step: progress.step, tokenizer },
      model: { params, trainable, adapter, config: model },
      firstIds: train.rows[0]?.sequences[0] as number[],
    });
    if (refusal) yield { type: 'warning', step: progress.step, message: refusal };
    for (const message of notices(train.counts, heldOut.counts, config))
      yield { type: 'warning', step: progress.step, message };

    // 4. The reference, and which pairs it can hardly tell apart.
    const rows = [...train.rows, ...heldOut.rows];
    const completions = rows.flatMap(completionsOf);
    const numPairs = train.rows.reduce((sum, row) => sum + row.pairs.length, 0);
    const reference = yield* measureReference(
      run,
      {
        ...{ modelFolder, base, precision, rows: [completions, train.rows.map((row) => row.pairs)] },
        ...{ numRows: completions.length, step: progress.step },
      },
      { logProbsS: completions.length, chesP: numPairs },
      {
        signal,
        async *measure(frozen) {
          const reader = createCompletionReader({ params: frozen, config: model, padTokenId, precision });
          const { logProbsS, meansSD } = yield* reader.readInPasses(completions);
          const trainSD = meansSD.subarray(0, train.rows.flatMap(completionsOf).length * model.hiddenSize);
          return { logProbsS, chesP: chesOfPairs(train.rows, trainSD) };
        },
      },
    );
    const counts = {
      trainExamples: train.rows.length,
      ties: examples.reduce((sum, example) => sum + numTies(example), 0),
      dropped: train.counts.dropped + heldOut.counts.dropped,
      promptsCut: train.counts.promptsCut + heldOut.counts.promptsCut,
      identicalPairs: train.counts.identicalPairs + heldOut.counts.identicalPairs,
      refused: refused.length,
    };
    if (reference === null) {
      yield* endStopped(save('interrupted'), counts);
      return;
    }
    const referenceOf = perRow(rows, reference.logProbsS);
    if (progress.step === 0) {
      const samples = mostAlike(train.rows, reference.chesP, { tokenizer, count: SHOWN_PAIRS });
      yield { type: 'sample', step: 0, samples };
    }
    const evaluate = async () => {
      const { logProbsS: policyS } = await policy.read(heldOut.rows.flatMap(completionsOf));
      const logProbs = { policyS, referenceS: referenceOf(heldOut.rows) };
      return {
        figures: preferenceFigures(heldOut.rows, logProbs, config),
        accuracy: rankedAccuracy(heldOut.rows, implicitRewards(heldOut.rows, logProbs, config)),
      };
    };
    const isMeasured = heldOut.rows.some(({ pairs }) => pairs.some(({ target }) => target !== 0.5));
    // loss alone says nothing of answers that grow
    const tell = async function* (about: Evaluation): AsyncGenerator<TrainEvent> {
      const { step } = progress;
      const sampled = await sampler.sample();
      yield { type: 'eval', step, metrics: { ...evaluationFigures(about), ...sampled.figures } };
      if (sampled.samples.length > 0) yield { type: 'sample', step, samples: sampled.samples };
    };
    let measured = isMeasured ? await evaluate() : null;
    if (measured && progress.step === 0) yield* tell(measured);
    const displacement = watchDisplacement();

    // 5. Train.
    while (progress.step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const batch = passes.batchAfter(progress.step).map((i) => train.rows[i] as RankedRow);
      const referenceS = referenceOf(batch);
      const learningRate = learningRateAt(config.optimizer, progress.step, totalSteps);
      const output = await update({
        ...pairBatch(batch, { padTokenId, pack, numRows: batch.length }),
        referenceS: floats(referenceS),
        ...optimizer.advance(learningRate),
      });
      const loss = scalarOf(output.loss);
      if (progress.firstLoss === null && isFirstLossKnown(config))
        yield checkFirstLoss(loss, { expected: firstDpoLoss(dpoOptions(config)), precision });
      progress = {
        step: progress.step + 1,
        numTokens: progress.numTokens + batch.flatMap(({ sequences }) => sequences.flat()).length,
        firstLoss: progress.firstLoss ?? loss,
      };
      const { step } = progress;
      watch.lap('update');
      const metrics = {
        loss,
        ...preferenceFigures(batch, { policyS: output.logProbsS.data, referenceS }, config),
        entropy:
          scalarOf(output.entropy) / batch.flatMap(completionsOf).flatMap((row) => row.responseIds).length,
        grad_norm: scalarOf(output.gradNorm),
        learning_rate: learningRate,
        num_tokens: progress.numTokens,
        epoch: passes.epochAt(step),
      };
      assertFinite(metrics, { step, batchIds: batch.map(({ id }) => id), config });
      yield { type: 'step', step, totalSteps, metrics, seconds: watch.seconds() };
      let watched: Record<string, number> | null = measured ? null : metrics;
      if (measured && isEvaluationDue(run, step, totalSteps)) {
        measured = await evaluate();
        yield* tell(measured);
        watched = measured.figures;
      }
      const alarm = watched && displacement(watched);
      if (alarm) yield { type: 'warning', step, message: alarm };
      if (isCheckpointDue(run, step, totalSteps)) yield save('scheduled');
      await otherWork();
    }

    // 6. Stopped on request, or done.
    const { step, firstLoss } = progress;
    const stopped = step < totalSteps;
    const last = save(stopped ? 'interrupted' : 'final');
    yield last;
    const summary: Record<string, number> = {
      ...(firstLoss === null ? {} : { firstLoss }),
      ...(measured && !stopped
        ? {
            ...heldOutSummary(measured.accuracy, { train: train.rows, heldOut: heldOut.rows }),
            chosenChange: measured.figures['logps/chosen_change'] as number,
          }
        : {}),
      ...counts,
    };
    yield { type: 'done', step, folder: last.folder, stopped, summary };
  } finally {
    sampler.dispose();
    optimizer.dispose();
    disposeParams(params);
  }
}

/** The part of each row in numbers that stand row after row, one for each answer. */
function perRow(rows: readonly RankedRow[], valuesS: Float32Array): (some: readonly RankedRow[]) => number[] {
  const parts = new Map<RankedRow, number[]>();
  let first = 0;
  for (const row of rows) {
    parts.set(row, [...valuesS.subarray(first, first + row.sequences.length)]);
    first += row.sequences.length;
  }
  return (some) => some.flatMap((row) => parts.get(row) as number[]);
}

/** Whether no option but the loss itself moves the first one. */
function isFirstLossKnown({ ties, nllWeight, lengthPenalty }: DpoConfig): boolean {
  return ties === 'leave-out' && nllWeight === 0 && lengthPenalty === 0;
}

type Evaluation = { figures: Record<string, number>; accuracy: { loss: number } };

function evaluationFigures({ figures, accuracy }: Evaluation): Record<string, number> {
  const named = Object.entries(figures).map(([name, value]) => [`eval_${name}`, value] as const);
  return { eval_loss: accuracy.loss, ...Object.fromEntries(named) };
}

function numTies({ ranks }: RankedExample): number {
  return ranks.reduce((sum, rank, i) => sum + ranks.slice(i + 1).filter((other) => other === rank).length, 0);
}
