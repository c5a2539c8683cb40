/** The LoRA adapter of the fixtures against PEFT: forward, gradients, merge (tolerances: issue and fixtures' README). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { type AdaptedModel, loadAdapter, saveAdapter } from '../../trainer/model/files/adapter-files.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import { mergeLora, trainableByLora } from '../../trainer/model/lora/lora.ts';
import { isLoraName } from '../../trainer/model/lora/lora-names.ts';
import { disposeParams, type Params, readFloats, readParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { embedding } from '../../trainer/ops/embedding.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { type Grads, valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import { type Tensor, tf, type Variable } from '../../trainer/tensors/tf.ts';
import { sharedPath } from '../support/shared-data.ts';
import { withNative } from '../support/tested-backends.ts';
import { maxDifference, readGolden, relativeDifference, tokenInputs } from './golden.ts';

const TIME = 24;
const baseFolder = sharedPath('spec', 'fixtures', 'tiny-llama');
const adapterFolder = sharedPath('spec', 'fixtures', 'tiny-llama-lora');
const golden = readGolden('tiny-llama-lora.lm');

describe.skipIf(!baseFolder || !adapterFolder || !golden).each(withNative(['cpu', 'simd']))(
  'tiny-llama-lora on %s',
  (backend) => {
    if (!baseFolder || !adapterFolder || !golden) return;
    let model: AdaptedModel;
    beforeAll(async () => {
      await chooseBackend(backend);
      model = loadAdapter(adapterFolder, loadPretrained(baseFolder));
    });
    afterAll(() => disposeParams(model.params));

    const ids = golden.ints('input_ids');
    const logitsOf = async (params: Params): Promise<Float32Array> => {
      const step = compile('logits', ({ idsBT, maskBT, positionsBT }: TokenBatch) => ({
        logits: lmLogits(
          params,
          model.config,
          forwardHidden(params, model.config, { idsBT, maskBT, positionsBT }),
        ),
      }));
      return (await step(tokenInputs(ids, TIME))).logits.data as Float32Array;
    };

    it('logits with and without the adapter within 1e-4', async () => {
      expect(maxDifference(await logitsOf(model.params), golden.floats('logits'))).toBeLessThan(1e-4);
      const base = Object.fromEntries(Object.entries(model.params).filter(([name]) => !isLoraName(name)));
      expect(maxDifference(await logitsOf(base), golden.floats('base_logits'))).toBeLessThan(1e-4);
      const apart = maxDifference(golden.floats('logits'), golden.floats('base_logits'));
      expect(apart).toBeCloseTo(golden.scalars.max_abs_diff_vs_base as number, 5);
    });

    it('reads rank, alpha and scaling', () => {
      const { r, alpha, scaling } = golden.scalars;
      expect(model.lora).toMatchObject({ rank: r, alpha });
      const scale = model.params['model.layers.0.self_attn.q_proj.lora_scaling'] as Variable;
      expect(readFloats(scale)).toEqual(Float32Array.of(scaling as number));
    });

    it('loss within 1e-5, gradients of every A and B within 1e-3 of their size, of nothing else', async () => {
      const rows = Array.from(ids.keys()).filter((i) => i % TIME < TIME - 1);
      const trained = trainableByLora(model.params, model.config, model.lora);
      const step = compile('grads', (inputs: TokenBatch & { rowsM: Tensor; targetsM: Tensor }): Grads => {
        const { loss, grads } = valueAndGrads(trained, () => {
          const hiddenMD = embedding(forwardHidden(model.params, model.config, inputs), inputs.rowsM);
          const logitsMV = lmLogits(model.params, model.config, hiddenMD);
          return { loss: tf.neg(tf.mean(tokenLogProbs(logitsMV, inputs.targetsM))) };
        });
        return { ...grads, loss };
      });
      const { loss, ...grads } = await step({
        ...tokenInputs(ids, TIME),
        rowsM: { shape: [rows.length], data: Int32Array.from(rows) },
        targetsM: { shape: [rows.length], data: Int32Array.from(rows, (row) => ids[row + 1] as number) },
      });
      expect(Math.abs((loss?.data[0] as number) - (golden.scalars.loss as number))).toBeLessThan(1e-5);
      const norms = golden.scalars.grad_norm_per_param as Record<string, number>;
      const peftName = (name: string) => `base_model.model.${name.replace(/weight$/, 'default.weight')}`;
      expect(Object.keys(grads).map(peftName).sort()).toEqual(Object.keys(norms).sort());
      for (const [name, { data }] of Object.entries(grads)) {
        const norm = Math.sqrt((data as Float32Array).reduce((sum, value) => sum + value * value, 0));
        expect(Math.abs(norm / (norms[peftName(name)] as number) - 1), name).toBeLessThan(1e-3);
        expect(relativeDifference(data, golden.floats(`grad.${peftName(name)}`)), name).toBeLessThan(1e-3);
      }
    });

    it('merged weights within 1e-5, merged logits within 1e-4; the other weights stay', async () => {
      const merged = mergeLora(model.params);
      for (const [name, variable] of Object.entries(merged)) {
        const isTarget = /\.(q|v)_proj\.weight$/.test(name);
        if (isTarget)
          expect(maxDifference(readFloats(variable), golden.floats(`merged.${name}`))).toBeLessThan(1e-5);
        else expect(readFloats(variable)).toEqual(readFloats(model.params[name] as Variable));
      }
      expect(Object.keys(merged)).toHaveLength(Object.keys(model.params).length - 3 * 4);
      expect(maxDifference(await logitsOf(merged), golden.floats('merged_logits'))).toBeLessThan(1e-4);
      disposeParams(merged);
    });

    it('writes the adapter back as it was, and reads it again', () => {
      const folder = mkdtempSync(join(tmpdir(), 'adapter-'));
      saveAdapter(folder, { ...model, baseModel: '../tiny-llama' });
      const file = (where: string) => readSafetensors(join(where, 'adapter_model.safetensors'));
      expect(file(folder)).toEqual(file(adapterFolder));
      const again = loadAdapter(folder, loadPretrained(baseFolder));
      expect(readParams(again.params)).toEqual(readParams(model.params));
      expect(again.lora).toEqual(model.lora);
      disposeParams(again.params);
      rmSync(folder, { recursive: true });
    });
  },
);
