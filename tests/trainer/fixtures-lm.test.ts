/**
 * Language models against transformers and torch, every tensor and number of spec/fixtures `<model>.lm` (tolerances: issue
 * and the fixtures' README). Which test checks what:
 * - logits, padded_logits, left_logits, left_position_ids, logits_row0: the logits tests
 * - logprobs, loss, padded_loss: log-probabilities and loss
 * - grad.*, grad_norm_per_param, grad_norm_total: gradients
 * - adamw, adamw_losses, adamw_grad_norms_before_clip, adamw_loss_after_5, logits_after_5_steps: AdamW steps
 * - greedy_sequences_from_first8: fixtures-generate.test.ts
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { loadPretrained, type PretrainedModel } from '../../trainer/model/files/load-pretrained.ts';
import { toFileLayout } from '../../trainer/model/files/weight-layout.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { embedding } from '../../trainer/ops/embedding.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { type AdamWScalars, createAdamW } from '../../trainer/optim/adamw.ts';
import { type Grads, valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { compile, type HostTensor } from '../../trainer/tensors/compile.ts';
import { type Tensor, type Tensor1D, tf } from '../../trainer/tensors/tf.ts';
import { sharedPath } from '../support/shared-data.ts';
import { withNative } from '../support/tested-backends.ts';
import { maxDifference, readGolden, relativeDifference, tokenInputs } from './golden.ts';

const TIME = 24;
const VOCAB = 256;
const backends = withNative(['cpu', 'simd']);
const cases = ['tiny-llama', 'tiny-gpt2'].flatMap((name) => {
  const fixture = { folder: sharedPath('spec', 'fixtures', name), golden: readGolden(`${name}.lm`) };
  return backends.map((backend) => ({ name, backend, ...fixture }));
});
const areThere = cases.every(({ folder, golden }) => folder && golden);

type LossInputs<T> = Record<'idsBT' | 'maskBT' | 'positionsBT' | 'rowsM' | 'targetsM', T>;

/** Inputs of the loss: the tokens, the rows (b, t) that predict a next token, and those next tokens. */
function lossInputs(ids: Int32Array, mask?: Int32Array): LossInputs<HostTensor> {
  const rows: number[] = [];
  for (let i = 0; i < ids.length; i++) if (i % TIME < TIME - 1 && (mask?.[i + 1] ?? 1) === 1) rows.push(i);
  return {
    ...tokenInputs(ids, TIME, mask),
    rowsM: { shape: [rows.length], data: Int32Array.from(rows) },
    targetsM: { shape: [rows.length], data: Int32Array.from(rows, (row) => ids[row + 1] as number) },
  };
}

function logProbsOf({ params, config }: PretrainedModel, inputs: LossInputs<Tensor>): Tensor1D {
  const hiddenND = forwardHidden(params, config, inputs);
  return tokenLogProbs(lmLogits(params, config, embedding(hiddenND, inputs.rowsM)), inputs.targetsM);
}

describe.skipIf(!areThere).each(cases)('$name on $backend', ({ backend, folder, golden }) => {
  if (!folder || !golden) return;
  let model: PretrainedModel;
  beforeAll(async () => {
    await chooseBackend(backend);
    model = loadPretrained(folder);
  });
  afterAll(() => disposeParams(model.params));

  const logitsOf = async (ids: Int32Array, mask?: Int32Array): Promise<Float32Array> => {
    const step = compile('logits', ({ idsBT, maskBT, positionsBT }: TokenBatch) => ({
      logits: lmLogits(
        model.params,
        model.config,
        forwardHidden(model.params, model.config, { idsBT, maskBT, positionsBT }),
      ),
    }));
    return (await step(tokenInputs(ids, TIME, mask))).logits.data as Float32Array;
  };

  it.each(['', 'padded_', 'left_'])('%slogits within 1e-4', async (variant) => {
    const mask = variant ? golden.ints(`${variant}attention_mask`) : undefined;
    const logits = await logitsOf(golden.ints(`${variant}input_ids`), mask);
    const rows = mask && { mask, width: VOCAB };
    expect(maxDifference(logits, golden.floats(`${variant}logits`), rows)).toBeLessThan(1e-4);
    expect(logits.every(Number.isFinite)).toBe(true);
    const first = golden.scalars.logits_row0 as number[];
    if (!mask) expect(maxDifference(logits.subarray(0, first.length), first)).toBeLessThan(1e-4);
  });

  it('counts positions past padding as the fixture does', () => {
    const { positionsBT } = tokenInputs(
      golden.ints('left_input_ids'),
      TIME,
      golden.ints('left_attention_mask'),
    );
    expect(positionsBT.data).toEqual(golden.ints('left_position_ids'));
  });

  it('log-probabilities and loss within 1e-5, also with padding', async () => {
    const step = compile('loss', (inputs: LossInputs<Tensor>) => ({
      logProbs: logProbsOf(model, inputs),
    }));
    const { logProbs } = await step(lossInputs(golden.ints('input_ids')));
    expect(maxDifference(logProbs.data, golden.floats('logprobs'))).toBeLessThan(1e-4);
    const mean = (data: HostTensor['data']) =>
      Array.from(data).reduce((sum, value) => sum + value, 0) / data.length;
    expect(Math.abs(-mean(logProbs.data) - (golden.scalars.loss as number))).toBeLessThan(1e-5);
    const padded = await step(
      lossInputs(golden.ints('padded_input_ids'), golden.ints('padded_attention_mask')),
    );
    expect(Math.abs(-mean(padded.logProbs.data) - (golden.scalars.padded_loss as number))).toBeLessThan(1e-5);
  });

  it('gradients of every parameter within 1e-3 of their size', async () => {
    const names = Object.keys(model.params);
    const step = compile('grads', (inputs: LossInputs<Tensor>): Grads => {
      return valueAndGrads(model.params, () => ({ loss: tf.neg(tf.mean(logProbsOf(model, inputs))) })).grads;
    });
    const grads = await step(lossInputs(golden.ints('input_ids')));
    const norms = golden.scalars.grad_norm_per_param as Record<string, number>;
    expect(Object.keys(grads).sort()).toEqual(Object.keys(norms).sort());
    let squares = 0;
    for (const name of names) {
      const values = grads[name]?.data as Float32Array;
      const square = values.reduce((sum, value) => sum + value * value, 0);
      squares += square;
      expect(Math.abs(Math.sqrt(square) / (norms[name] as number) - 1), name).toBeLessThan(1e-3);
    }
    expect(Math.abs(Math.sqrt(squares) / (golden.scalars.grad_norm_total as number) - 1)).toBeLessThan(1e-3);
    // whole gradients are in the fixture for all but the largest matrices
    const inFile = toFileLayout(grads, model.config);
    const whole = golden.names.filter((name) => name.startsWith('grad.'));
    expect(whole.length).toBeGreaterThan(names.length / 2);
    for (const name of whole) {
      const values = inFile[name.slice('grad.'.length)]?.data as Float32Array;
      expect(relativeDifference(values, golden.floats(name)), name).toBeLessThan(1e-3);
    }
  });

  it('five AdamW steps as torch takes them: losses, norms and logits after', async () => {
    const { params, config } = loadPretrained(folder);
    const settings = golden.scalars.adamw as {
      lr: number;
      betas: [number, number];
      eps: number;
      weight_decay: number;
    };
    const optimizer = createAdamW(params, {
      beta1: settings.betas[0],
      beta2: settings.betas[1],
      epsilon: settings.eps,
      weightDecay: settings.weight_decay,
      maxGradNorm: 1,
      decays: () => true,
    });
    const trained = { ...model, params, config };
    const step = compile('train', (inputs: LossInputs<Tensor> & AdamWScalars<Tensor>) => {
      const { loss, grads } = valueAndGrads(params, () => ({
        loss: tf.neg(tf.mean(logProbsOf(trained, inputs))),
      }));
      return { loss, norm: optimizer.update(grads, inputs) };
    });
    const losses = golden.scalars.adamw_losses as number[];
    const norms = golden.scalars.adamw_grad_norms_before_clip as number[];
    const inputs = lossInputs(golden.ints('input_ids'));
    let tensors: number | null = null;
    for (const [i, expectedLoss] of losses.entries()) {
      const { loss, norm } = await step({ ...inputs, ...optimizer.advance(settings.lr) });
      expect(Math.abs((loss.data[0] as number) - expectedLoss), `loss of step ${i}`).toBeLessThan(1e-4);
      expect(Math.abs((norm.data[0] as number) - (norms[i] as number)), `norm of step ${i}`).toBeLessThan(
        1e-3,
      );
      tensors ??= tf.memory().numTensors;
      expect(tf.memory().numTensors, `tensors after step ${i}`).toBe(tensors);
    }
    const evaluate = compile('loss', (batch: LossInputs<Tensor>) => ({
      loss: tf.neg(tf.mean(logProbsOf(trained, batch))),
    }));
    const after = (await evaluate(inputs)).loss.data[0] as number;
    expect(Math.abs(after - (golden.scalars.adamw_loss_after_5 as number))).toBeLessThan(1e-4);
    const forward = compile('logits', ({ idsBT, maskBT, positionsBT }: TokenBatch) => ({
      logits: lmLogits(params, config, forwardHidden(params, config, { idsBT, maskBT, positionsBT })),
    }));
    const { logits } = await forward(tokenInputs(golden.ints('input_ids'), TIME));
    expect(maxDifference(logits.data, golden.floats('logits_after_5_steps'))).toBeLessThan(1e-4);
    optimizer.dispose();
    disposeParams(params);
  });
});
