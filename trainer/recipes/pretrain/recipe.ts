/**
 * Pretraining: next-token training on plain text, of a new Llama-style model and its tokenizer, or of a model that is given: then
 * it is continued pretraining, for a domain for example. The model keeps its shape and its tokenizer, and every weight is
 * trained or a LoRA adapter.
 *
 * Does: for a new model byte-level BPE trained on the same text; documents as <bos> text <eos> in one stream; each step takes windows at
 * random places (nanoGPT, train.py get_batch); token-mean cross-entropy; AdamW with warm-up, decay and clipping; held-out
 * loss on the last twentieth of the stream, which is never trained on; bit-exact resume; refuses to start when the loss of
 * a new model is not about ln V (training.md 3 B).
 * Leaves out: attention walls between documents of one window (training.md 2.5), dropout, gradient accumulation.
 *
 * Run: npm run train -- pretrain --data text.jsonl --out folder [--model base-folder]
 * Shapes: B rows, T tokens, N = B*T, V vocabulary.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { createRng } from '../../../lib/rng.ts';
import type { PretrainConfig } from '../../config/pretrain.ts';
import type { TextExample } from '../../data/types.ts';
import type { TrainEvent } from '../../events.ts';
import { newModelConfig } from '../../model/config.ts';
import { loadPretrained, type PretrainedModel } from '../../model/files/load-pretrained.ts';
import { initParams } from '../../model/init-params.ts';
import { countParams, disposeParams } from '../../model/params.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { trainBpe, writeTokenizer } from '../../tokenizer/train-bpe.ts';
import { createAnswerSampler } from '../rollouts/answer-sampler.ts';
import { asTrainable } from '../run/adapted-model.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { beginRun } from '../run/begin-run.ts';
import { checkContext } from '../run/check-context.ts';
import { scalarOf } from '../run/host-arrays.ts';
import { createNextTokenSteps, measureBatches } from '../run/next-token-steps.ts';
import { openLanguageModel, openRun, openTokenizer, type Run } from '../run/open-run.ts';
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
  const { texts } = args.data;
  const run = await openRun('pretrain', { ...args, data: texts });

  // 1. The tokenizer, from the checkpoint or the model, or learnt from the same text.
  const ownTokenizer = folders.model ?? (await learnTokenizer(run, texts, config.vocabSize));
  const { tokenizer, tokenizerFolder } = openTokenizer(run, ownTokenizer);
  const { padTokenId } = tokenizer;

  // 2. One stream of tokens, whose end is held out; the model, given or new, or from the checkpoint.
  const { train, heldOut } = tokenStreams(texts, { tokenizer, sequenceLength, seed: runtime.seed });
  if (folders.model)
    checkContext([sequenceLength], { modelFolder: folders.model, options: { sequenceLength } });
  const base = folders.model ? openLanguageModel(run, folders.model) : newModel(run, config, tokenizer);
  const { config: model, generationConfig } = base;
  const { params, trainable, adapter } = asTrainable(base, run);
  const optimizer = createAdamW(trainable, config.optimizer);

  // 3. The compiled steps.
  const options = config;
  const steps = createNextTokenSteps({
    ...{ name: 'pretrain', params, trainable, model, optimizer, options },
  });
  const batchAt = (stream: Int32Array, starts: readonly number[]) =>
    windowBatch(stream, starts, { sequenceLength, padTokenId });
  const places = Math.floor((heldOut.length - 1) / sequenceLength);
  const starts = Array.from({ length: Math.min(places, MOST_EVAL_ROWS) }, (_, i) => i * sequenceLength);
  const heldOutBatches = function* () {
    for (let from = 0; from < starts.length; from += batchSize) {
      const part = starts.slice(from, from + batchSize);
      yield { inputs: batchAt(heldOut, part), share: part.length / starts.length };
    }
  };
  const evaluate = async () => {
    const figures = await measureBatches(steps.measure, heldOutBatches());
    return { ...figures, eval_perplexity: Math.exp(figures.eval_loss) };
  };
  // what the model makes of the first half of held-out rows
  const sampler = createAnswerSampler(
    { params, config: model },
    {
      promptIds: starts.map((start) => [...heldOut.subarray(start, start + (sequenceLength >> 1))]),
      ...{ tokenizer, eosTokenIds: [tokenizer.eosTokenId], options: config, seed: runtime.seed },
    },
  );
  const tell = async function* (metrics: Record<string, number>): AsyncGenerator<TrainEvent> {
    const { step } = progress;
    yield { type: 'eval', step, metrics };
    const { samples } = await sampler.sample();
    if (samples.length > 0) yield { type: 'sample', step, samples };
  };

  // 4. What a checkpoint keeps of the run.
  let progress = { step: 0 };
  const save = (reason: SaveReason) =>
    saveRun(run, reason, {
      progress,
      model: { params, config: model, generationConfig, tokenizerFolder, adapter },
      optimizers: { model: optimizer },
    });

  try {
    progress = (yield* resumeRun(run, runStateSchema, { model: optimizer })) ?? progress;
    yield* beginRun(run, {
      ...{ totalSteps, step: progress.step, tokenizer },
      model: { params, trainable, adapter, config: model },
      firstIds: Array.from(train.subarray(0, sequenceLength)),
    });
    let figures = await evaluate();
    if (progress.step === 0 && !folders.model) {
      const expected = Math.log(model.vocabSize);
      yield selfCheck({
        name: 'untrained loss is ln V',
        deviation: figures.eval_loss - expected,
        tolerance: FIRST_LOSS_TOLERANCE * expected,
        detail: `loss ${figures.eval_loss}, ln ${model.vocabSize} = ${expected}`,
      });
    }
    if (progress.step === 0) yield* tell(figures);

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
        yield* tell(figures);
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
    sampler.dispose();
    optimizer.dispose();
    disposeParams(params);
  }
}

/** The folder of a tokenizer trained on the texts; a resumed run has it already. */
async function learnTokenizer(
  { folders: { out, resumeFrom } }: Run,
  texts: readonly TextExample[],
  vocabSize: number,
): Promise<string> {
  const folder = join(out, 'tokenizer');
  if (resumeFrom) return folder;
  mkdirSync(folder, { recursive: true });
  await writeTokenizer(folder, trainBpe({ texts: texts.map(({ text }) => text), vocabSize }));
  return folder;
}

/** A model of the config's shape with random weights, or those of the checkpoint. */
function newModel(
  { folders: { resumeFrom } }: Run,
  { model: shape, sequenceLength, runtime }: PretrainConfig,
  tokenizer: Tokenizer,
): Pick<PretrainedModel, 'params' | 'config'> & Partial<PretrainedModel> {
  const config = newModelConfig({
    ...shape,
    vocabSize: tokenizer.vocabSize,
    bosTokenId: tokenizer.bosTokenId,
    eosTokenIds: [tokenizer.eosTokenId],
    padTokenId: tokenizer.padTokenId,
  });
  if (sequenceLength > config.maxPositions) {
    throw new Error(
      `sequenceLength ${sequenceLength} is more than model.maxPositions ${config.maxPositions}`,
    );
  }
  const params = resumeFrom
    ? loadPretrained(resumeFrom).params
    : initParams(config, createRng(runtime.seed, 'init'));
  return { params, config };
}
