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
import { chooseBackend } from '../../backends/choose.ts';
import { deviceName } from '../../backends/device-name.ts';
import { checkpointFolder, pruneCheckpoints, readCheckpoint, writeCheckpoint } from '../../checkpoint.ts';
import { pretrainSchema } from '../../config/pretrain.ts';
import type { TextExample } from '../../data/types.ts';
import type { TrainEvent } from '../../events.ts';
import { crossEntropy } from '../../losses/cross-entropy.ts';
import { newModelConfig } from '../../model/config.ts';
import { forwardHidden, lmLogits } from '../../model/decoder.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { initParams } from '../../model/init-params.ts';
import { countParams, disposeParams } from '../../model/params.ts';
import type { TokenBatch } from '../../model/token-batch.ts';
import { tokenEntropy } from '../../ops/token-entropy.ts';
import { tokenLogProbs } from '../../ops/token-log-probs.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { createRng } from '../../rng.ts';
import { compile } from '../../tensors/compile.ts';
import { type Tensor, tf } from '../../tensors/tf.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { trainBpe, writeTokenizer } from '../../tokenizer/train-bpe.ts';
import { tokenBatch } from '../batches/token-batch.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { floats, ints, scalarOf } from '../run/host-arrays.ts';
import { keepTokenizer } from '../run/keep-tokenizer.ts';
import type { RecipeArgs } from '../run/recipe-args.ts';
import {
  assertSameRun,
  dataHash,
  runStateSchema,
  savedOptimizer,
  warnOfOtherBackend,
} from '../run/run-state.ts';
import { checkPadDiffersFromEos, selfCheck } from '../run/self-check.ts';
import { startStopwatch } from '../run/stopwatch.ts';

const HELD_OUT_SHARE = 1 / 20;
const MOST_EVAL_ROWS = 128;

/** The untrained loss may differ from ln V by this share: more means targets or initialisation are wrong. */
const FIRST_LOSS_TOLERANCE = 0.25;

/** Summary: heldOutLoss, perplexity, tokens (trained on), numParameters, vocabSize. */
export async function* pretrain(args: RecipeArgs<'pretrain'>): AsyncGenerator<TrainEvent> {
  const { config, folders, signal } = args;
  const { out: outFolder, resumeFrom } = folders;
  const { texts } = args.data;
  const { batchSize, sequenceLength, steps: totalSteps, runtime } = config;
  const backend = await chooseBackend(args.backend);
  const dataSha256 = dataHash(texts);

  // 1. The tokenizer, from the checkpoint or learnt from the same text.
  const tokenizerFolder = resumeFrom ? keepTokenizer(resumeFrom, outFolder) : join(outFolder, 'tokenizer');
  if (!resumeFrom) {
    mkdirSync(tokenizerFolder, { recursive: true });
    await writeTokenizer(
      tokenizerFolder,
      trainBpe({ texts: texts.map(({ text }) => text), vocabSize: config.vocabSize }),
    );
  }
  const tokenizer = loadTokenizer(tokenizerFolder);

  // 2. One stream of tokens, whose end is held out; the model, from the checkpoint or new.
  const { train, heldOut } = tokenStreams(texts, { tokenizer, sequenceLength, seed: runtime.seed });
  const model = newModelConfig({
    ...config.model,
    vocabSize: tokenizer.vocabSize,
    bosTokenId: tokenizer.bosTokenId,
    eosTokenIds: [tokenizer.eosTokenId],
    padTokenId: tokenizer.padTokenId,
  });
  if (sequenceLength > model.maxPositions) {
    throw new Error(`sequenceLength ${sequenceLength} is more than model.maxPositions ${model.maxPositions}`);
  }
  const params = resumeFrom
    ? loadPretrained(resumeFrom).params
    : initParams(model, createRng(runtime.seed, 'init'));
  const optimizer = createAdamW(params, config.optimizer);
  let step = 0;

  // 3. The compiled steps. Row b predicts its tokens 1..T from 0..T-1.
  type Batch = TokenBatch & { targetsN: Tensor; weightsN: Tensor };
  const rowLogProbs = ({ targetsN, ...batch }: Batch) => {
    const logitsNV = lmLogits(params, model, forwardHidden(params, model, batch, config));
    return { logitsNV, logProbsN: tokenLogProbs(logitsNV, targetsN) };
  };
  type Scalars = { learningRate: Tensor; biasCorrection1: Tensor; biasCorrection2: Tensor };
  const update = compile(
    'pretrain step',
    (inputs: Batch & Scalars) => {
      const { loss, grads } = valueAndGrads(params, () => ({
        loss: crossEntropy(rowLogProbs(inputs).logProbsN, inputs.weightsN),
      }));
      const gradNorm = optimizer.update(grads, inputs);
      return { loss, gradNorm };
    },
    config,
  );
  const measure = compile(
    'pretrain eval',
    (inputs: Batch) => {
      const { logitsNV, logProbsN } = rowLogProbs(inputs);
      const rightN = tf.cast(tf.equal(tf.argMax(logitsNV, 1), inputs.targetsN), 'float32');
      return {
        loss: crossEntropy(logProbsN, inputs.weightsN),
        accuracy: tf.sum(tf.mul(rightN, inputs.weightsN)),
        entropy: tf.sum(tf.mul(tokenEntropy(logitsNV), inputs.weightsN)),
      };
    },
    config,
  );
  const batchAt = (stream: Int32Array, starts: readonly number[]) => {
    const rows = starts.map((start) => Array.from(stream.subarray(start, start + sequenceLength)));
    const { width, ...batch } = tokenBatch(rows, tokenizer.padTokenId);
    const targets = new Int32Array(rows.length * width);
    const weights = new Float32Array(rows.length * width);
    starts.forEach((start, b) => {
      targets.set(stream.subarray(start + 1, start + 1 + sequenceLength), b * width);
      weights.fill(1 / (rows.length * sequenceLength), b * width, b * width + sequenceLength);
    });
    return { ...batch, targetsN: ints(targets), weightsN: floats(weights) };
  };
  const evaluate = () => {
    const places = Math.floor((heldOut.length - 1) / sequenceLength);
    const starts = Array.from({ length: Math.min(places, MOST_EVAL_ROWS) }, (_, i) => i * sequenceLength);
    const totals = { eval_loss: 0, eval_mean_token_accuracy: 0, eval_entropy: 0 };
    for (let from = 0; from < starts.length; from += batchSize) {
      const part = starts.slice(from, from + batchSize);
      const share = part.length / starts.length;
      const { loss, accuracy, entropy } = measure(batchAt(heldOut, part));
      totals.eval_loss += share * scalarOf(loss);
      totals.eval_mean_token_accuracy += share * scalarOf(accuracy);
      totals.eval_entropy += share * scalarOf(entropy);
    }
    return { ...totals, eval_perplexity: Math.exp(totals.eval_loss) };
  };
  const save = (reason: 'scheduled' | 'interrupted' | 'final') => {
    const folder = reason === 'final' ? join(outFolder, 'final') : checkpointFolder(outFolder, step);
    const training =
      reason === 'final'
        ? null
        : { state: { step, config, dataSha256, backend }, optimizers: { model: optimizer.exportState() } };
    const { manifestSha256 } = writeCheckpoint({
      folder,
      model: { params, config: model, tokenizerFolder },
      training,
    });
    if (training) pruneCheckpoints(outFolder, runtime.keepCheckpoints);
    return { type: 'checkpoint', step, folder, manifestSha256, reason } as const;
  };

  try {
    if (resumeFrom) {
      const saved = readCheckpoint(resumeFrom, runStateSchema);
      assertSameRun(saved.state, { config, schema: pretrainSchema, dataSha256, folder: resumeFrom });
      yield* warnOfOtherBackend(saved.state, backend);
      optimizer.importState(savedOptimizer(saved.optimizers, 'model', resumeFrom));
      step = saved.state.step;
    }
    const numParameters = countParams(params);
    yield {
      type: 'plan',
      recipe: 'pretrain',
      totalSteps,
      config,
      backend,
      device: deviceName(backend),
      numParameters,
    };
    yield checkPadDiffersFromEos(tokenizer);
    let figures = evaluate();
    if (step === 0) {
      const expected = Math.log(model.vocabSize);
      yield selfCheck({
        name: 'untrained loss is ln V',
        deviation: figures.eval_loss - expected,
        tolerance: FIRST_LOSS_TOLERANCE * expected,
        detail: `loss ${figures.eval_loss}, ln ${model.vocabSize} = ${expected}`,
      });
      yield { type: 'eval', step, metrics: figures };
    }

    // 4. Train.
    while (step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const rng = createRng(runtime.seed, `windows/${step}`);
      const starts = Array.from({ length: batchSize }, () => rng.integer(train.length - sequenceLength));
      const learningRate = learningRateAt(config.optimizer, step, totalSteps);
      const { loss, gradNorm } = update({ ...batchAt(train, starts), ...optimizer.advance(learningRate) });
      step++;
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
      if (step % runtime.evalEvery === 0 || step === totalSteps) {
        figures = evaluate();
        yield { type: 'eval', step, metrics: figures };
      }
      if (step % runtime.checkpointEvery === 0 && step < totalSteps) yield save('scheduled');
      await otherWork();
    }

    // 5. Stopped on request, or done.
    const stopped = step < totalSteps;
    const last = save(stopped ? 'interrupted' : 'final');
    yield last;
    yield {
      type: 'done',
      step,
      folder: last.folder,
      stopped,
      summary: {
        heldOutLoss: figures.eval_loss,
        perplexity: figures.eval_perplexity,
        tokens: step * batchSize * sequenceLength,
        numParameters,
        vocabSize: model.vocabSize,
      },
    };
  } finally {
    optimizer.dispose();
    disposeParams(params);
  }
}

/** Documents in shuffled order as <bos> text <eos>, one after the other; the last twentieth is held out. */
function tokenStreams(
  texts: readonly TextExample[],
  options: { tokenizer: Tokenizer; sequenceLength: number; seed: number },
): { train: Int32Array; heldOut: Int32Array } {
  const { tokenizer, sequenceLength, seed } = options;
  const { bosTokenId, eosTokenId } = tokenizer;
  const stream: number[] = [];
  for (const { text } of createRng(seed, 'documents').shuffle(texts)) {
    if (bosTokenId !== null) stream.push(bosTokenId);
    for (const id of tokenizer.encode(text)) stream.push(id);
    stream.push(eosTokenId);
  }
  const cut = Math.floor(stream.length * (1 - HELD_OUT_SHARE));
  if (stream.length - cut < sequenceLength + 1) {
    throw new Error(
      `the texts are ${stream.length} tokens; at least ${Math.ceil((sequenceLength + 1) / HELD_OUT_SHARE)} are needed, so that the held-out twentieth fills one row of sequenceLength ${sequenceLength}`,
    );
  }
  return { train: Int32Array.from(stream.slice(0, cut)), heldOut: Int32Array.from(stream.slice(cut)) };
}
