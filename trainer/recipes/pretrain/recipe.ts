/**
 * Pretraining: next-token training of a new Llama-style model, and of its tokenizer, on plain text.
 *
 * Does: byte-level BPE trained on the same text; documents as <bos> text <eos> in one stream; each step takes windows at
 * random places (nanoGPT, train.py get_batch); token-mean cross-entropy; AdamW with warm-up, decay and clipping; held-out
 * loss on the last twentieth of the stream, which is never trained on; bit-exact resume; refuses to start when the untrained
 * loss is not about ln V (training.md 3 B).
 * Leaves out: attention walls between documents of one window (training.md 2.5), dropout, gradient accumulation.
 *
 * Run: npm run train -- pretrain --data text.jsonl --out folder
 * Shapes: B rows, T tokens, N = B*T, V vocabulary.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import type { TrainEvent } from '../../events.ts';
import { newModelConfig } from '../../model/config.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { initParams } from '../../model/init-params.ts';
import { countParams, disposeParams } from '../../model/params.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { createRng } from '../../rng.ts';
import { trainBpe, writeTokenizer } from '../../tokenizer/train-bpe.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { beginRun } from '../run/begin-run.ts';
import { scalarOf } from '../run/host-arrays.ts';
import { createNextTokenSteps, measureBatches } from '../run/next-token-steps.ts';
import { openRun, openTokenizer } from '../run/open-run.ts';
import type { RecipeArgs } from '../run/recipe-args.ts';
import { resumeRun } from '../run/resume-run.ts';
import { runStateSchema } from '../run/run-state.ts';
import { isCheckpointDue, isEvaluationDue, type SaveReason, saveRun } from '../run/save-run.ts';
import { selfCheck } from '../run/self-check.ts';
import { startStopwatch } from '../run/stopwatch.ts';
import { tokenStreams, windowBatch } from './token-stream.ts';

const MOST_EVAL_ROWS = 128;

/** The untrained loss may differ from ln V by this share: more means targets or initialisation are wrong. */
const FIRST_LOSS_TOLERANCE = 0.25;

/** Summary: heldOutLoss, perplexity, tokens (trained on), numParameters, vocabSize. */
export async function* pretrain(args: RecipeArgs<'pretrain'>): AsyncGenerator<TrainEvent> {
  const { config, folders, signal } = args;
  const { batchSize, sequenceLength, steps: totalSteps, runtime } = config;
  const { out, resumeFrom } = folders;
  const { texts } = args.data;
  const run = await openRun('pretrain', { ...args, data: texts });

  // 1. The tokenizer, from the checkpoint or learnt from the same text.
  const newTokenizer = join(out, 'tokenizer');
  if (!resumeFrom) {
    mkdirSync(newTokenizer, { recursive: true });
    await writeTokenizer(
      newTokenizer,
      trainBpe({ texts: texts.map(({ text }) => text), vocabSize: config.vocabSize }),
    );
  }
  const { tokenizer, tokenizerFolder } = openTokenizer(run, newTokenizer);
  const { padTokenId } = tokenizer;

  // 2. One stream of tokens, whose end is held out; the model, from the checkpoint or new.
  const { train, heldOut } = tokenStreams(texts, { tokenizer, sequenceLength, seed: runtime.seed });
  const model = newModelConfig({
    ...config.model,
    vocabSize: tokenizer.vocabSize,
    bosTokenId: tokenizer.bosTokenId,
    eosTokenIds: [tokenizer.eosTokenId],
    padTokenId,
  });
  if (sequenceLength > model.maxPositions) {
    throw new Error(`sequenceLength ${sequenceLength} is more than model.maxPositions ${model.maxPositions}`);
  }
  const params = resumeFrom
    ? loadPretrained(resumeFrom).params
    : initParams(model, createRng(runtime.seed, 'init'));
  const optimizer = createAdamW(params, config.optimizer);

  // 3. The compiled steps.
  const options = config;
  const steps = createNextTokenSteps({
    ...{ name: 'pretrain', params, trainable: params, model, optimizer, options },
  });
  const batchAt = (stream: Int32Array, starts: readonly number[]) =>
    windowBatch(stream, starts, { sequenceLength, padTokenId });
  const heldOutBatches = function* () {
    const places = Math.floor((heldOut.length - 1) / sequenceLength);
    const starts = Array.from({ length: Math.min(places, MOST_EVAL_ROWS) }, (_, i) => i * sequenceLength);
    for (let from = 0; from < starts.length; from += batchSize) {
      const part = starts.slice(from, from + batchSize);
      yield { inputs: batchAt(heldOut, part), share: part.length / starts.length };
    }
  };
  const evaluate = async () => {
    const figures = await measureBatches(steps.measure, heldOutBatches());
    return { ...figures, eval_perplexity: Math.exp(figures.eval_loss) };
  };

  // 4. What a checkpoint keeps of the run.
  let progress = { step: 0 };
  const save = (reason: SaveReason) =>
    saveRun(run, reason, {
      progress,
      model: { params, config: model, tokenizerFolder },
      optimizers: { model: optimizer },
    });

  try {
    progress = (yield* resumeRun(run, runStateSchema, { model: optimizer })) ?? progress;
    yield* beginRun(run, {
      ...{ totalSteps, step: progress.step, tokenizer },
      model: { params, trainable: params, adapter: null, config: model },
      firstIds: Array.from(train.subarray(0, sequenceLength)),
    });
    let figures = await evaluate();
    if (progress.step === 0) {
      const expected = Math.log(model.vocabSize);
      yield selfCheck({
        name: 'untrained loss is ln V',
        deviation: figures.eval_loss - expected,
        tolerance: FIRST_LOSS_TOLERANCE * expected,
        detail: `loss ${figures.eval_loss}, ln ${model.vocabSize} = ${expected}`,
      });
      yield { type: 'eval', step: 0, metrics: figures };
    }

    // 5. Train.
    while (progress.step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const rng = createRng(runtime.seed, `windows/${progress.step}`);
      const starts = Array.from({ length: batchSize }, () => rng.integer(train.length - sequenceLength));
      const learningRate = learningRateAt(config.optimizer, progress.step, totalSteps);
      const { loss, gradNorm } = await steps.update({
        ...batchAt(train, starts),
        ...optimizer.advance(learningRate),
      });
      progress = { step: progress.step + 1 };
      const { step } = progress;
      watch.lap('update');
      const metrics = {
        loss: scalarOf(loss),
        grad_norm: scalarOf(gradNorm),
        learning_rate: learningRate,
        num_tokens: step * batchSize * sequenceLength,
        epoch: (step * batchSize * sequenceLength) / train.length,
      };
      assertFinite(metrics, { step, batchIds: starts, config });
      yield { type: 'step', step, totalSteps, metrics, seconds: watch.seconds() };
      if (isEvaluationDue(run, step, totalSteps)) {
        figures = await evaluate();
        yield { type: 'eval', step, metrics: figures };
      }
      if (isCheckpointDue(run, step, totalSteps)) yield save('scheduled');
      await otherWork();
    }

    // 6. Stopped on request, or done.
    const { step } = progress;
    const stopped = step < totalSteps;
    const last = save(stopped ? 'interrupted' : 'final');
    yield last;
    const summary = {
      heldOutLoss: figures.eval_loss,
      perplexity: figures.eval_perplexity,
      tokens: step * batchSize * sequenceLength,
      numParameters: countParams(params),
      vocabSize: model.vocabSize,
    };
    yield { type: 'done', step, folder: last.folder, stopped, summary };
  } finally {
    optimizer.dispose();
    disposeParams(params);
  }
}
