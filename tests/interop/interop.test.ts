/**
 * Models between Plumbline and the Python ecosystem, in both directions: what transformers and PEFT wrote gives the same logits
 * here, and what is written here gives them there (1e-4).
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { isRewardModel, type ModelConfig } from '../../trainer/model/config.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { loadAdapter, saveAdapter } from '../../trainer/model/files/adapter-files.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { scoreHidden } from '../../trainer/model/heads.ts';
import { addLora } from '../../trainer/model/lora/lora.ts';
import { disposeParams, newParam, type Params } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import { pythonForTests, runPython } from '../support/with-python.ts';
import { maxDifference, tokenInputs } from '../trainer/golden.ts';
import { INTEROP_CASES, type InteropCase, TIME, VOCAB } from './cases.ts';

const SCRIPT = fileURLToPath(new URL('interop.py', import.meta.url));
const TOLERANCE = 1e-4;
const python = pythonForTests();

const rng = createRng(7, 'interop');
/** three rows, of which two are padded on the right */
const LENGTHS = [TIME, 13, 6];
const ids = Int32Array.from({ length: LENGTHS.length * TIME }, () => 3 + rng.integer(VOCAB - 3));
const mask = ids.map((_, i) => (i % TIME < (LENGTHS[Math.floor(i / TIME)] as number) ? 1 : 0));
for (const [i, isReal] of mask.entries()) if (isReal === 0) ids[i] = 0;
const rowsOf = (values: Int32Array) => LENGTHS.map((_, b) => [...values.subarray(b * TIME, (b + 1) * TIME)]);

/** Logits of every token, or of a reward model the score of each row. */
async function outputOf(params: Params, config: ModelConfig): Promise<Float32Array> {
  const step = compile('interop', (inputs: TokenBatch) => {
    const hiddenND = forwardHidden(params, config, inputs);
    return {
      output: isRewardModel(config)
        ? scoreHidden(params, config, hiddenND)
        : lmLogits(params, config, hiddenND),
    };
  });
  const output = (await step(tokenInputs(ids, TIME, mask))).output.data as Float32Array;
  return isRewardModel(config)
    ? Float32Array.from(LENGTHS, (length, b) => output[b * TIME + length - 1] as number)
    : output;
}

function compare(actual: Float32Array, expected: Float32Array): number {
  return maxDifference(
    actual,
    expected,
    actual.length === LENGTHS.length ? undefined : { mask, width: VOCAB },
  );
}

describe.skipIf(!python)('transformers and PEFT', () => {
  if (!python) return;
  const root = mkdtempSync(join(tmpdir(), 'interop-'));
  const theirs = (name: string) => join(root, 'theirs', name);
  const ours = (name: string) => join(root, 'ours', name);
  const written = (path: string) =>
    readSafetensors(`${path}.output.safetensors`).get('logits')?.data as Float32Array;
  const outputs = new Map<string, Float32Array>();
  const writeCases = (cases: InteropCase[]) =>
    writeFileSync(
      join(root, 'cases.json'),
      JSON.stringify({ cases, tokens: { ids: rowsOf(ids), mask: rowsOf(mask) } }),
    );
  /** cases that begin here: a language model's adapter, and one that makes a reward model, both trained by nobody */
  const adapters: InteropCase[] = [false, true].map((reward, i) => ({
    ...(INTEROP_CASES[0] as InteropCase),
    name: reward ? 'our-reward-adapter' : 'our-adapter',
    reward,
    seed: i,
  }));

  beforeAll(async () => {
    await chooseBackend('simd');
    writeCases(INTEROP_CASES);
    runPython(python, [SCRIPT, 'make', root]);
    mkdirSync(ours(''));
    for (const { name, lora } of INTEROP_CASES) {
      const base = loadPretrained(theirs(name));
      // written before the adapter may replace a module of the base
      savePretrained({
        folder: ours(name),
        ...base,
        maxShardBytes: name.includes('sharded') ? 20_000 : undefined,
      });
      const adapted = lora ? loadAdapter(theirs(`${name}.adapter`), base) : null;
      const model = adapted ?? base;
      outputs.set(name, await outputOf(model.params, model.config));
      if (adapted) {
        saveAdapter(ours(`${name}.adapter`), { ...adapted, baseModel: ours(name) });
        savePretrained({ folder: ours(`${name}-merged`), ...adapted });
      }
      disposeParams(model.params);
    }
    for (const { name, reward } of adapters) await writeOwnAdapter(name, reward);
    const merged = INTEROP_CASES.filter(({ lora }) => lora).map((c) => ({ ...c, name: `${c.name}-merged` }));
    writeCases([...INTEROP_CASES, ...merged, ...adapters]);
    runPython(python, [SCRIPT, 'open', root]);
  }, 300_000);
  afterAll(() => rmSync(root, { recursive: true }));

  async function writeOwnAdapter(name: string, reward: boolean): Promise<void> {
    const base = loadPretrained(theirs(reward ? 'llama-reward' : 'llama-gqa-tied'));
    savePretrained({ folder: ours(name), ...base });
    const lora = {
      rank: 3,
      alpha: 5,
      rankStabilized: true,
      targetModules: ['k_proj', 'mlp.down_proj'],
      rankPattern: {},
      alphaPattern: {},
      modulesToSave: reward ? ['score'] : [],
    };
    const params = addLora(base.params, { config: base.config, lora, rng });
    for (const [param, variable] of Object.entries(params)) {
      if (!param.includes('lora_B') && param !== 'score.weight') continue;
      params[param] = newParam(
        Float32Array.from({ length: variable.size }, () => rng.normal()),
        variable.shape,
      );
      variable.dispose();
    }
    saveAdapter(ours(`${name}.adapter`), { params, config: base.config, lora, baseModel: ours(name) });
    outputs.set(name, await outputOf(params, base.config));
    disposeParams(params);
  }

  it.each(INTEROP_CASES.map(({ name }) => name))('%s is read here as it was meant there', (name) => {
    expect(compare(outputs.get(name) as Float32Array, written(theirs(name)))).toBeLessThan(TOLERANCE);
  });

  it.each(INTEROP_CASES.map(({ name }) => name))('%s, written here, is read there', (name) => {
    expect(compare(written(ours(name)), written(theirs(name)))).toBeLessThan(TOLERANCE);
  });

  it.each(INTEROP_CASES.filter(({ lora }) => lora).map(({ name }) => name))(
    '%s, merged here, is read there',
    (name) => {
      expect(compare(written(ours(`${name}-merged`)), written(theirs(name)))).toBeLessThan(TOLERANCE);
    },
  );

  it.each(adapters.map(({ name }) => name))('%s, made here, is read there', (name) => {
    expect(compare(written(ours(name)), outputs.get(name) as Float32Array)).toBeLessThan(TOLERANCE);
  });

  it('the adapters and shards are there, so that the comparisons above compare them', () => {
    const shards = readdirSync(ours('llama-sharded')).filter((file) => file.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(2);
    expect(existsSync(join(ours('our-adapter.adapter'), 'adapter_config.json'))).toBe(true);
    const base = written(theirs('llama-gqa-tied'));
    expect(compare(written(ours('our-adapter')), base)).toBeGreaterThan(0.1);
  });
});
