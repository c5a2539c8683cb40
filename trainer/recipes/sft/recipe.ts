/**
 * Supervised fine-tuning on prompt/answer pairs (training.md 2.5).
 *
 * Does: loss on answer tokens and their EOS only, as a mean over the step's global count of them; prompt and answer are
 * tokenised apart, as generation will meet them; rows too long are counted and left out; rows are right-padded, and only
 * rows that count reach the vocabulary projection; held-out loss; bit-exact resume.
 * Leaves out: packing (rows of a toy world are short and alike), dropout, gradient accumulation, multi-turn loss on earlier
 * assistant messages (only the last answer is imitated).
 *
 * Run: npm run train -- sft --model folder --data pairs.jsonl --out folder
 * Shapes: B rows, T width, N = B*T, M answer tokens, V vocabulary.
 */
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import { chooseBackend } from '../../backends/choose.ts';
import { deviceName } from '../../backends/device-name.ts';
import { checkpointFolder, pruneCheckpoints, readCheckpoint, writeCheckpoint } from '../../checkpoint.ts';
import { sftSchema } from '../../config/sft.ts';
import type { SftExample } from '../../data/types.ts';
import type { TrainEvent } from '../../events.ts';
import { crossEntropy } from '../../losses/cross-entropy.ts';
import { isRewardModel } from '../../model/config.ts';
import { forwardHidden, lmLogits } from '../../model/decoder.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { countParams, disposeParams } from '../../model/params.ts';
import type { TokenBatch } from '../../model/token-batch.ts';
import { tokenEntropy } from '../../ops/token-entropy.ts';
import { tokenLogProbs } from '../../ops/token-log-probs.ts';
import { createAdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { compile } from '../../tensors/compile.ts';
import { type Tensor, tf } from '../../tensors/tf.ts';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { answerBatch } from '../batches/answer-batch.ts';
import { createExampleOrder } from '../batches/example-order.ts';
import { isPackingWorthIt } from '../batches/is-packing-worth-it.ts';
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
import { checkPadDiffersFromEos } from '../run/self-check.ts';
import { startStopwatch } from '../run/stopwatch.ts';

type Row = { promptIds: number[]; responseIds: number[] };

/** Summary: heldOutLoss, heldOutAccuracy (of tokens), examples, tooLong, tokens (trained on). */
export async function* sft(args: RecipeArgs<'sft'>): AsyncGenerator<TrainEvent> {
  const { config, folders, signal } = args;
  const { out: outFolder, resumeFrom } = folders;
  const modelFolder = requireFolder(folders, 'model');
  const { examples } = args.data;
  const { batchSize, runtime } = config;
  const backend = await chooseBackend(args.backend);
  const dataSha256 = dataHash(examples);

  // 1. Rows.
  const tokenizerFolder = resumeFrom ? keepTokenizer(resumeFrom, outFolder) : modelFolder;
  const tokenizer = loadTokenizer(tokenizerFolder);
  const train = rowsOf(
    examples.filter(({ split }) => split === 'train'),
    tokenizer,
    config.maxLength,
  );
  const heldOut = rowsOf(
    examples.filter(({ split }) => split === 'heldout'),
    tokenizer,
    config.maxLength,
  );
  const tooLong = train.tooLong + heldOut.tooLong;
  checkContext(
    [...train.rows, ...heldOut.rows].map((row) => row.promptIds.length + row.responseIds.length),
    { modelFolder, options: { maxLength: config.maxLength } },
  );
  const order = createExampleOrder({
    seed: runtime.seed,
    stream: 'examples',
    numExamples: train.rows.length,
    whenNone: `of ${examples.length}, ${train.tooLong} are longer than maxLength ${config.maxLength} and ${heldOut.rows.length + heldOut.tooLong} are held out`,
  });
  const numSeen = Math.max(1, Math.round(config.epochs * train.rows.length));
  const totalSteps = Math.ceil(numSeen / batchSize);

  // 2. The model.
  const baseSha256 = config.lora.rank === null ? null : baseHash(modelFolder);
  const base = loadPretrained(baseSha256 === null ? (resumeFrom ?? modelFolder) : modelFolder);
  const { config: model, generationConfig } = base;
  if (isRewardModel(model)) {
    disposeParams(base.params);
    throw new Error(
      `${modelFolder}: a ${model.architecture} cannot be fine-tuned on answers, expected a language model`,
    );
  }
  const { params, trainable, lora } = asTrainable(base, { ...config, seed: runtime.seed, resumeFrom });
  const adapter = lora && { lora, baseModel: modelFolder };
  const optimizer = createAdamW(trainable, config.optimizer);
  const pack = isPackingWorthIt(countParams(params));

  // 3. The compiled steps: logits only where an answer token is predicted.
  type Batch = TokenBatch & { rowsM: Tensor; targetsM: Tensor; weightsM: Tensor };
  const answerLogProbs = ({ rowsM, targetsM, ...batch }: Batch) => {
    const hiddenMD = forwardHidden(params, model, batch, { recompute: config.recompute, rowsM });
    const logitsMV = lmLogits(params, model, hiddenMD);
    return { logitsMV, logProbsM: tokenLogProbs(logitsMV, targetsM) };
  };
  type Scalars = { learningRate: Tensor; biasCorrection1: Tensor; biasCorrection2: Tensor };
  const update = compile(
    'sft step',
    (inputs: Batch & Scalars) => {
      const { loss, grads } = valueAndGrads(trainable, () => ({
        loss: crossEntropy(answerLogProbs(inputs).logProbsM, inputs.weightsM),
      }));
      const gradNorm = optimizer.update(grads, inputs);
      return { loss, gradNorm };
    },
    config,
  );
  const measure = compile(
    'sft eval',
    (inputs: Batch) => {
      const { logitsMV, logProbsM } = answerLogProbs(inputs);
      const rightM = tf.cast(tf.equal(tf.argMax(logitsMV, 1), inputs.targetsM), 'float32');
      return {
        loss: crossEntropy(logProbsM, inputs.weightsM),
        accuracy: tf.sum(tf.mul(rightM, inputs.weightsM)),
        entropy: tf.sum(tf.mul(tokenEntropy(logitsMV), inputs.weightsM)),
      };
    },
    config,
  );
  const evaluate = () => {
    const totals = { eval_loss: 0, eval_mean_token_accuracy: 0, eval_entropy: 0 };
    const numTokens = countTokens(heldOut.rows);
    for (let from = 0; from < heldOut.rows.length; from += batchSize) {
      const part = heldOut.rows.slice(from, from + batchSize);
      const { loss, accuracy, entropy } = measure(
        answerBatch(part, { padTokenId: tokenizer.padTokenId, pack, numTokens }),
      );
      totals.eval_loss += scalarOf(loss);
      totals.eval_mean_token_accuracy += scalarOf(accuracy);
      totals.eval_entropy += scalarOf(entropy);
    }
    return totals;
  };

  // 4. Go on where a checkpoint stopped.
  let step = 0;
  let numTokens = 0;
  const save = (reason: 'scheduled' | 'interrupted' | 'final') => {
    const folder = reason === 'final' ? join(outFolder, 'final') : checkpointFolder(outFolder, step);
    const state = { step, config, dataSha256, baseSha256, backend, numTokens };
    const training = reason === 'final' ? null : { state, optimizers: { model: optimizer.exportState() } };
    const { manifestSha256 } = writeCheckpoint({
      folder,
      model: { params, config: model, generationConfig, tokenizerFolder, adapter },
      training,
    });
    if (training) pruneCheckpoints(outFolder, runtime.keepCheckpoints);
    return { type: 'checkpoint', step, folder, manifestSha256, reason } as const;
  };

  try {
    if (resumeFrom) {
      const saved = readCheckpoint(resumeFrom, stateSchema);
      assertSameRun(saved.state, { config, schema: sftSchema, dataSha256, folder: resumeFrom });
      assertSameBase(saved.state, { baseSha256, modelFolder, folder: resumeFrom });
      yield* warnOfOtherBackend(saved.state, backend);
      optimizer.importState(savedOptimizer(saved.optimizers, 'model', resumeFrom));
      ({ step, numTokens } = saved.state);
    }
    yield {
      type: 'plan',
      recipe: 'sft',
      totalSteps,
      config,
      backend,
      device: deviceName(backend),
      numParameters: countParams(params),
    };
    yield checkPadDiffersFromEos(tokenizer);
    const [first] = train.rows;
    if (lora && first && step === 0) {
      const ids = [...first.promptIds, ...first.responseIds];
      yield checkAdapterChangesNothing({ params, config: model }, { ids, padTokenId: tokenizer.padTokenId });
    }
    if (tooLong > 0) {
      const message = `${tooLong} of ${examples.length} rows are longer than maxLength ${config.maxLength} and left out`;
      yield { type: 'warning', step, message };
    }
    let figures = evaluate();
    if (step === 0 && heldOut.rows.length > 0) yield { type: 'eval', step, metrics: figures };

    // 5. Train.
    while (step < totalSteps && !signal.aborted) {
      const watch = startStopwatch();
      const indices = order(step * batchSize, Math.min((step + 1) * batchSize, numSeen));
      const rows = indices.map((i) => train.rows[i] as Row);
      const batch = answerBatch(rows, {
        padTokenId: tokenizer.padTokenId,
        pack,
        numTokens: countTokens(rows),
      });
      const learningRate = learningRateAt(config.optimizer, step, totalSteps);
      const { loss, gradNorm } = update({ ...batch, ...optimizer.advance(learningRate) });
      step++;
      numTokens += countTokens(rows);
      watch.lap('update');
      const metrics = {
        loss: scalarOf(loss),
        grad_norm: scalarOf(gradNorm),
        learning_rate: learningRate,
        num_tokens: numTokens,
        epoch: Math.min(step * batchSize, numSeen) / train.rows.length,
      };
      assertFinite(metrics, { step, batchIds: indices, config });
      yield { type: 'step', step, totalSteps, metrics, seconds: watch.seconds() };
      if (heldOut.rows.length > 0 && (step % runtime.evalEvery === 0 || step === totalSteps)) {
        figures = evaluate();
        yield { type: 'eval', step, metrics: figures };
      }
      if (step % runtime.checkpointEvery === 0 && step < totalSteps) yield save('scheduled');
      await otherWork();
    }

    // 6. Stopped on request, or done.
    const stopped = step < totalSteps;
    const last = save(stopped ? 'interrupted' : 'final');
    yield last;
    const measured: Record<string, number> =
      heldOut.rows.length > 0
        ? { heldOutLoss: figures.eval_loss, heldOutAccuracy: figures.eval_mean_token_accuracy }
        : {};
    const summary = { ...measured, examples: train.rows.length, tooLong, tokens: numTokens };
    yield { type: 'done', step, folder: last.folder, stopped, summary };
  } finally {
    optimizer.dispose();
    disposeParams(params);
  }
}

const stateSchema = adaptedRunStateSchema.extend({ numTokens: z.number().int().min(0) });

function rowsOf(examples: readonly SftExample[], tokenizer: Tokenizer, maxLength: number) {
  const all = examples.map(({ prompt, completion }) => ({
    promptIds: tokenizer.encodeChat(prompt, { addGenerationPrompt: true }),
    responseIds: [...tokenizer.encode(completion), tokenizer.eosTokenId],
  }));
  const rows = all.filter((row) => row.promptIds.length + row.responseIds.length <= maxLength);
  return { rows, tooLong: all.length - rows.length };
}

function countTokens(rows: readonly Row[]): number {
  return rows.reduce((sum, { responseIds }) => sum + responseIds.length, 0);
}
