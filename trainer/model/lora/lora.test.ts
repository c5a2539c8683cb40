/** Adapters: which layers, how they begin, what is refused; numbers against PEFT are in tests/trainer/fixtures-lora.test.ts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRng } from '../../../lib/rng.ts';
import { chooseBackend } from '../../backends/choose.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import { tf, type Variable } from '../../tensors/tf.ts';
import { type ModelConfig, newModelConfig } from '../config.ts';
import { forwardHidden } from '../decoder.ts';
import { loadAdapter, saveAdapter } from '../files/adapter-files.ts';
import { loadPretrained } from '../files/load-pretrained.ts';
import { readSafetensors, writeSafetensors } from '../files/safetensors.ts';
import { savePretrained } from '../files/save-pretrained.ts';
import { addScoreHead } from '../heads.ts';
import { initParams } from '../init-params.ts';
import { disposeParams, type Params, readFloats, readParams } from '../params.ts';
import { addLora, mergeLora, trainableByLora } from './lora.ts';
import { type LoraConfig, parseLoraConfig, toPeftConfig } from './lora-config.ts';
import { loraTargets, savedParams } from './lora-targets.ts';

const config = newModelConfig({
  vocabSize: 20,
  hiddenSize: 16,
  intermediateSize: 24,
  numLayers: 2,
  numHeads: 2,
  numKvHeads: 1,
  maxPositions: 16,
  padTokenId: 0,
});
const rewardConfig: ModelConfig = { ...config, architecture: 'LlamaForSequenceClassification' };
const lora: LoraConfig = {
  rank: 3,
  alpha: 12,
  rankStabilized: false,
  targetModules: ['q_proj', 'down_proj'],
  rankPattern: {},
  alphaPattern: {},
  modulesToSave: [],
};
const paths = (settings: Partial<LoraConfig>, model: ModelConfig = config) =>
  loraTargets(model, { ...lora, ...settings }).map(({ path }) => path);

let made: Params[] = [];
beforeAll(() => chooseBackend('cpu'));
afterEach(() => {
  for (const params of made) disposeParams(params);
  made = [];
});
function adapted(settings: Partial<LoraConfig> = {}): Params {
  const base = initParams(config, createRng(1, 'init'));
  const params = addLora(base, { config, lora: { ...lora, ...settings }, rng: createRng(2, 'lora') });
  made.push(params);
  return params;
}
function hidden(params: Params): Float32Array {
  return tf.tidy(() => {
    const ints = (values: number[]) => tf.tensor2d(values, [1, 4], 'int32');
    const batch = { idsBT: ints([3, 7, 1, 9]), maskBT: ints([1, 1, 1, 1]), positionsBT: ints([0, 1, 2, 3]) };
    return readFloats(forwardHidden(params, config, batch));
  });
}

describe('loraTargets', () => {
  it('takes names, ends of paths, whole paths, a pattern, or all linear layers of the blocks', () => {
    expect(paths({})).toEqual(
      [0, 1].flatMap((i) => [`model.layers.${i}.self_attn.q_proj`, `model.layers.${i}.mlp.down_proj`]),
    );
    expect(paths({ targetModules: ['self_attn.k_proj', 'model.layers.1.mlp.up_proj'] })).toHaveLength(3);
    expect(paths({ targetModules: 'model\\.layers\\.1\\..*_proj' })).toHaveLength(7);
    expect(paths({ targetModules: 'all-linear' })).toHaveLength(14);
    expect(paths({ targetModules: 'all-linear' }, { ...config, tieWordEmbeddings: false })).toHaveLength(14);
    expect(paths({ targetModules: 'all-linear' }, rewardConfig)).toHaveLength(14);
  });

  it('scales by alpha / r, or alpha / sqrt r; patterns change single layers', () => {
    const of = (settings: Partial<LoraConfig>) =>
      loraTargets(config, { ...lora, ...settings }).map(({ rank, scaling }) => [rank, scaling]);
    expect(of({})[0]).toEqual([3, 4]);
    expect(of({ rank: 4, rankStabilized: true })[0]).toEqual([4, 6]);
    expect(
      of({ rankPattern: { q_proj: 6, 'layers.1.mlp.down_proj': 2 }, alphaPattern: { q_proj: 3 } }),
    ).toEqual([
      [6, 0.5],
      [3, 4],
      [6, 0.5],
      [2, 6],
    ]);
  });

  it.each<[Partial<LoraConfig>, string]>([
    [{ targetModules: ['c_attn'] }, 'target_modules: c_attn matches no linear layer'],
    [{ targetModules: 'q_proj' }, 'target_modules: q_proj matches no linear layer'],
    [{ targetModules: ['embed_tokens'] }, 'target_modules: model.embed_tokens is not a linear layer'],
    [{ targetModules: '(' }, 'target_modules: ( is not a pattern'],
  ])('refuses %o', (settings, message) => {
    expect(() => paths(settings)).toThrow(message);
  });

  it('keeps modules saved whole out of the adapter, and refuses a tied one', () => {
    const untied = { ...config, tieWordEmbeddings: false };
    const settings = { ...lora, modulesToSave: ['lm_head', 'q_proj', 'classifier'] };
    expect(savedParams(untied, settings)).toEqual([
      'model.layers.0.self_attn.q_proj.weight',
      'model.layers.1.self_attn.q_proj.weight',
      'lm_head.weight',
    ]);
    expect(paths(settings, untied)).toEqual([0, 1].map((i) => `model.layers.${i}.mlp.down_proj`));
    expect(() => savedParams(config, settings)).toThrow(
      /modules_to_save: lm_head is both embedding and output/,
    );
    expect(() => savedParams(config, { ...lora, modulesToSave: ['embed_tokens'] })).toThrow(
      /modules_to_save/,
    );
    expect(savedParams(rewardConfig, { ...lora, modulesToSave: ['score'] })).toEqual(['score.weight']);
  });
});

describe('a new adapter', () => {
  it('changes nothing, bit for bit, and only A and B are trained', () => {
    const params = adapted({ targetModules: 'all-linear' });
    const base = Object.fromEntries(Object.entries(params).filter(([name]) => !name.includes('.lora_')));
    expect(hidden(params)).toEqual(hidden(base));
    const names = Object.keys(trainableByLora(params, config, { ...lora, targetModules: 'all-linear' }));
    expect(names).toHaveLength(28);
    expect(names.every((name) => /\.lora_[AB]\.weight$/.test(name))).toBe(true);
  });

  it('has A uniform within 1/sqrt(in), as kaiming_uniform with a = sqrt(5)', () => {
    const params = adapted({ rank: 400, targetModules: ['down_proj'] });
    const a = readFloats(params['model.layers.0.mlp.down_proj.lora_A.weight'] as Variable);
    const bound = 1 / Math.sqrt(24);
    expect(Math.max(...a)).toBeLessThan(bound);
    expect(Math.min(...a)).toBeGreaterThan(-bound);
    // variance of a uniform distribution: bound^2 / 3
    const variance = a.reduce((sum, value) => sum + value * value, 0) / a.length;
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1);
  });

  it('is merged by savePretrained: the folder holds a plain model with the same output', () => {
    const params = adapted();
    for (const [name, variable] of Object.entries(params)) {
      if (name.includes('lora_B'))
        tf.tidy(() => variable.assign(tf.randomNormal(variable.shape, 0, 1, 'float32', 5)));
    }
    const folder = mkdtempSync(join(tmpdir(), 'merged-'));
    savePretrained({ folder, params, config });
    const { params: plain } = loadPretrained(folder);
    const merged = mergeLora(params);
    made.push(plain, merged);
    expect(readParams(plain)).toEqual(readParams(merged));
    const [before, after] = [hidden(params), hidden(plain)];
    expect(before.every((value, i) => Math.abs(value - (after[i] as number)) < 1e-5)).toBe(true);
    rmSync(folder, { recursive: true });
  });
});

describe('adapter files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'adapter-'));
    saveAdapter(folder, { params: adapted(), config, lora, baseModel: null });
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const load = (model: ModelConfig = config) => {
    const params = initParams(model, createRng(1, 'init'));
    made.push(params);
    return loadAdapter(folder, { params, config: model });
  };
  const changeConfig = (change: object) => {
    const path = join(folder, 'adapter_config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  };
  const changeTensors = (change: (tensors: Record<string, HostTensor>) => void) => {
    const path = join(folder, 'adapter_model.safetensors');
    const tensors = Object.fromEntries(readSafetensors(path));
    change(tensors);
    writeSafetensors(path, tensors);
  };

  it('name the layers as PEFT does', () => {
    expect([...readSafetensors(join(folder, 'adapter_model.safetensors')).keys()]).toContain(
      'base_model.model.model.layers.1.mlp.down_proj.lora_B.weight',
    );
  });

  it('make a reward model of a language model where they bring a head', () => {
    const base = initParams(config, createRng(1, 'init'));
    const reward = addScoreHead(base, config, createRng(3, 'head'));
    const settings = { ...lora, modulesToSave: ['score'] };
    const params = addLora(reward.params, {
      config: reward.config,
      lora: settings,
      rng: createRng(2, 'lora'),
    });
    made.push(params);
    saveAdapter(folder, { params, config: reward.config, lora: settings, baseModel: null });
    expect(JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'))).toMatchObject({
      task_type: 'SEQ_CLS',
      modules_to_save: ['score'],
    });
    const loaded = load();
    made.push(loaded.params);
    expect(loaded.config.architecture).toBe('LlamaForSequenceClassification');
    expect(readParams(loaded.params)).toEqual(readParams(params));
  });

  it.each<[string, () => void, RegExp]>([
    [
      'a method of another kind',
      () => changeConfig({ peft_type: 'IA3' }),
      /adapter_config.json: .*peft_type/,
    ],
    ['DoRA', () => changeConfig({ use_dora: true }), /adapter_config.json: .*use_dora is true/],
    ['biases', () => changeConfig({ bias: 'all' }), /adapter_config.json: .*bias/],
    ['chosen layers', () => changeConfig({ layers_to_transform: [1] }), /layers_to_transform is \[1\]/],
    ['a field of the future', () => changeConfig({ use_warp: true }), /use_warp is true/],
    ['PiSSA', () => changeConfig({ init_lora_weights: 'pissa' }), /init_lora_weights/],
    [
      'another rank',
      () => changeConfig({ r: 5 }),
      /down_proj.lora_A.weight has shape \[3,24\], rank and base ask for \[5,24\]/,
    ],
    [
      'other layers',
      () => changeConfig({ target_modules: ['k_proj'] }),
      /4 tensors are missing for this base/,
    ],
    [
      'no such layers',
      () => changeConfig({ target_modules: ['c_attn'] }),
      /adapter_config.json: target_modules: c_attn/,
    ],
    [
      'a tensor too many',
      () =>
        changeTensors((t) => {
          t['base_model.model.model.layers.7.mlp.down_proj.lora_A.weight'] = {
            shape: [1],
            data: Float32Array.of(1),
          };
        }),
      /1 tensors fit nothing in this base: model.layers.7.mlp.down_proj/,
    ],
    [
      'NaN',
      () =>
        changeTensors((t) => {
          (Object.values(t)[0] as HostTensor).data[2] = Number.NaN;
        }),
      /adapter_model.safetensors: tensor .* holds NaN at element 2/,
    ],
    [
      'a missing prefix',
      () =>
        changeTensors((t) => {
          t.loose = { shape: [1], data: Float32Array.of(1) };
        }),
      /tensor loose: expected a name after base_model.model./,
    ],
    ['no weights', () => rmSync(join(folder, 'adapter_model.safetensors')), /no adapter_model.safetensors/],
    ['no settings', () => rmSync(join(folder, 'adapter_config.json')), /adapter_config.json: cannot be read/],
    [
      'a reward adapter without its head',
      () => changeConfig({ task_type: 'SEQ_CLS' }),
      /no tensor base_model.model.score.weight/,
    ],
  ])('refuse %s, and leave the base as it was', (_name, change, message) => {
    change();
    const before = tf.memory().numTensors;
    expect(() => load()).toThrow(message);
    expect(tf.memory().numTensors - before).toBe(Object.keys(made.at(-1) as Params).length);
  });

  it('refuse a base of another width, naming the tensor', () => {
    expect(() => load({ ...config, hiddenSize: 32, headDim: 8 })).toThrow(
      /down_proj.lora_B.weight has shape \[16,3\], rank and base ask for \[32,3\]/,
    );
  });
});

it('settings survive being written and read', () => {
  const full: LoraConfig = {
    ...lora,
    rankStabilized: true,
    targetModules: '.*_proj',
    rankPattern: { q_proj: 2 },
    alphaPattern: { q_proj: 0.5 },
    modulesToSave: ['score'],
  };
  const json = toPeftConfig(full, { taskType: 'SEQ_CLS', baseModel: 'a/b', fanInFanOut: true });
  expect(parseLoraConfig(JSON.parse(JSON.stringify(json)), 'test')).toEqual({ ...full, taskType: 'SEQ_CLS' });
});
