/**
 * Supervised fine-tuning on prompt/answer pairs (training.md 2.5).
 *
 * Does: loss on answer tokens and the turn's end only, as a mean over the step's global count of them; prompt and answer are
 * tokenised apart, as generation will meet them; rows too long are counted and left out; batches are packed where that saves
 * work, and only rows that count reach the vocabulary projection; every weight or a LoRA adapter; held-out loss; bit-exact
 * resume.
 * Leaves out: dropout, gradient accumulation, multi-turn loss on earlier assistant messages (only the last answer is imitated).
 *
 * Run: npm run train -- sft --model folder --data pairs.jsonl --out folder
 * Shapes: B rows, T width, N tokens computed, M answer tokens, V vocabulary.
 */
import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import type { TrainEvent } from '../../events.ts';
import { countParams, disposeParams } from '../../model/params.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { refusalNotice } from '../../tokenizer/encode-prompt.ts';
import { stopIds } from '../../tokenizer/stop-ids.ts';
import { answerBatch } from '../batches/answer-batch.ts';
import { bySplit, createEpochs } from '../batches/epochs.ts';
import { isPackingWorthIt } from '../batches/is-packing-worth-it.ts';
import { createAnswerSampler } from '../rollouts/answer-sampler.ts';
import { asTrainable } from '../run/adapted-model.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { beginRun } from '../run/begin-run.ts';
import { checkContext } from '../run/check-context.ts';
import { scalarOf } from '../run/host-arrays.ts';
import { createNextTokenSteps, measureBatches } from '../run/next-token-steps.ts';
import { openLanguageModel, openRun, openTokenizer } from '../run/open-run.ts';
import { type RecipeArgs, requireFolder } from '../run/recipe-args.ts';
import { resumeRun } from '../run/resume-run.ts';
import { runStateSchema } from '../run/run-state.ts';
import { isCheckpointDue, isEvaluationDue, type SaveReason, saveRun } from '../run/save-run.ts';
import { startStopwatch } from '../run/stopwatch.ts';
import { countTokens, type Row, rowsOf } from './rows.ts';

const stateSchema = runStateSchema.extend({ numTokens: z.number().int().min(0) });

/** Summary: heldOutLoss, heldOutAccuracy (of tokens), examples, tooLong, refused (by the chat template), tokens (trained on). */
export async function* sft(args: RecipeArgs<'sft'>): AsyncGenerator<TrainEvent> {
  const { config, folders, signal } = args;
  const { batchSize, maxLength, runtime } = config;
  const { examples } = args.data;
  const modelFolder = requireFolder(folders, 'model');
  const run = await openRun('sft', { ...args, data: examples });

  // 1. Rows.
  const { tokenizer, tokenizerFolder } = openTokenizer(run, modelFolder);
  const { padTokenId } = tokenizer;
  const split = bySplit(examples);
  const train = rowsOf(split.train, { tokenizer, maxLength });
  const heldOut = rowsOf(split.heldOut, { tokenizer, maxLength });
  const tooLong = train.tooLong + heldOut.tooLong;
  const refused = [...train.refused, ...heldOut.refused];
  const refusal = refusalNotice(refused, examples.length);
  checkContext(
    [...train.rows, ...heldOut.rows].map((row) => row.promptIds.length + row.responseIds.length),
    { modelFolder, options: { maxLength } },
  );
  const passes = createEpochs({
    ...{ seed: runtime.seed, epochs: config.epochs, batchSize, numExamples: train.rows.length },
    whenNone: `of ${examples.length}, ${train.tooLong} are longer than maxLength ${maxLength} and ${heldOut.rows.length + heldOut.tooLong} are held out${refusal ? `; ${refusal}` : ''}`,
  });
  const { totalSteps } = passes;

  // 2. The model.
  const base = openLanguageModel(run, modelFolder);
  const { config: model } = base;
  const generationConfig = {
    ...base.generationConfig,
    eosTokenIds: stopIds(tokenizer, base.generationConfig),
  };
  const { params, trainable, adapter } = asTrainable(base, run);
  const optimizer = createAdamW(trainable, config.optimizer);
  const pack = isPackingWorthIt(countParams(params));

  // 3. The compiled steps: logits only where an answer token is predicted.
  const steps = createNextTokenSteps({ name: 'sft', params, trainable, model, optimizer, options: config });
  const heldOutBatches = function* () {
    const numTokens = countTokens(heldOut.rows);
    for (let from = 0; from < heldOut.rows.length; from += batchSize) {
      const part = heldOut.rows.slice(from, from + batchSize);
      yield { inputs: answerBatch(part, { padTokenId, pack, numTokens }), share: 1 };
    }
  };
  const sampler = createAnswerSampler(
    { params, config: model },
    {
      ...{ promptIds: heldOut.rows.map(({ promptIds }) => promptIds), tokenizer, options: config },
      ...{ eosTokenIds: generationConfig.eosTokenIds, seed: runtime.seed },
    },
  );
  const evaluate = () => measureBatches(steps.measure, heldOutBatches());
  /** What is told of held-out rows, beside the loss what the model says to their prompts. */
  const tell = async function* (figures: Record<string, number>): AsyncGenerator<TrainEvent> {
    const { step } = progress;
    const sampled = await sampler.sample();
    yield { type: 'eval', step, metrics: { ...figures, ...sampled.figures } };
    if (sampled.samples.length > 0) yield { type: 'sample', step, samples: sampled.samples };
  };

  // 4. What a checkpoint keeps of the run.
  let progress = { step: 0, numTokens: 0 };
  const save = (reason: SaveReason) =>
    saveRun(run, reason, {
      progress,
      model: { params, config: model, generationConfig, tokenizerFolder, adapter },
      optimizers: { model: optimizer },
    });

  try {
    progress = (yield* resumeRun(run, stateSchema, { model: optimizer })) ?? progress;
    const [first] = train.rows as [Row];
    yield* beginRun(run, {
      ...{ totalSteps, step: progress.step, tokenizer },
      model: { params, trainable, adapter, config: model },
      firstIds: [...first.promptIds, ...first.responseIds],
    });
    if (refusal) yield { type: 'warning', step: progress.step, message: refusal };
    if (tokenizer.turnEndText !== null) {
      const message = `the chat template ends an answer with ${JSON.stringify(tokenizer.turnEndText)}, which is no token: answers are trained to end with the tokenizer's eos token ${tokenizer.eosTokenId}`;
      yield { type: 'warning', step: progress.step, message };
    }
    if (tooLong > 0) {
      const message = `${tooLong} of ${examples.length} rows are longer than maxLength ${maxLength} and left out`;
      yield { type: 'warning', step: progress.step, message };
    }
    let figures = await evaluate();
    if (progress.step === 0 && heldOut.rows.length > 0) yield* tell(figures);

    // 5. Train.
    while (progress.step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const indices = passes.batchAfter(progress.step);
      const rows = indices.map((i) => train.rows[i] as Row);
      const numTokens = countTokens(rows);
      const learningRate = learningRateAt(config.optimizer, progress.step, totalSteps);
      const { loss, gradNorm } = await steps.update({
        ...answerBatch(rows, { padTokenId, pack, numTokens }),
        ...optimizer.advance(learningRate),
      });
      progress = { step: progress.step + 1, numTokens: progress.numTokens + numTokens };
      const { step } = progress;
      watch.lap('update');
      const metrics = {
        loss: scalarOf(loss),
        grad_norm: scalarOf(gradNorm),
        learning_rate: learningRate,
        num_tokens: progress.numTokens,
        epoch: passes.epochAt(step),
      };
      assertFinite(metrics, { step, batchIds: indices, config });
      yield { type: 'step', step, totalSteps, metrics, seconds: watch.seconds() };
      if (heldOut.rows.length > 0 && isEvaluationDue(run, step, totalSteps)) {
        figures = await evaluate();
        yield* tell(figures);
      }
      if (isCheckpointDue(run, step, totalSteps)) yield save('scheduled');
      await otherWork();
    }

    // 6. Stopped on request, or done.
    const { step, numTokens } = progress;
    const stopped = step < totalSteps;
    const last = save(stopped ? 'interrupted' : 'final');
    yield last;
    const measured: Record<string, number> =
      heldOut.rows.length > 0
        ? { heldOutLoss: figures.eval_loss, heldOutAccuracy: figures.eval_mean_token_accuracy }
        : {};
    const summary = {
      ...measured,
      ...{ examples: train.rows.length, tooLong, refused: refused.length, tokens: numTokens },
    };
    yield { type: 'done', step, folder: last.folder, stopped, summary };
  } finally {
    sampler.dispose();
    optimizer.dispose();
    disposeParams(params);
  }
}
