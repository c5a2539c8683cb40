/** loadPretrained and savePretrained: what goes wrong is named, what was saved comes back bit for bit. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRng } from '../../../lib/rng.ts';
import { chooseBackend } from '../../backends/choose.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import { tf, type Variable } from '../../tensors/tf.ts';
import { newModelConfig } from '../config.ts';
import { addScoreHead } from '../heads.ts';
import { initParams } from '../init-params.ts';
import { countParams, disposeParams, readFloats, readParams } from '../params.ts';
import { loadPretrained } from './load-pretrained.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { savePretrained } from './save-pretrained.ts';

const config = newModelConfig({
  vocabSize: 20,
  hiddenSize: 8,
  intermediateSize: 12,
  numLayers: 1,
  numHeads: 2,
  maxPositions: 16,
  bosTokenId: 1,
  eosTokenIds: [2],
  padTokenId: 0,
});

let folder: string;
beforeAll(() => chooseBackend('cpu'));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pretrained-'));
  const params = initParams(config, createRng(1, 'init'));
  savePretrained({ folder, params, config });
  disposeParams(params);
});
afterEach(() => rmSync(folder, { recursive: true }));

const weightsPath = () => join(folder, 'model.safetensors');
function changeWeights(change: (tensors: Record<string, HostTensor>) => void): void {
  const tensors = Object.fromEntries(readSafetensors(weightsPath()));
  change(tensors);
  writeSafetensors(weightsPath(), tensors);
}

describe('save and load', () => {
  it('gives back config, ids and weights exactly, and leaks no tensor', () => {
    const before = tf.memory().numTensors;
    const loaded = loadPretrained(folder);
    expect(loaded.config).toEqual(config);
    expect(loaded.generationConfig).toEqual({ bosTokenId: 1, eosTokenIds: [2], padTokenId: 0 });
    expect(readParams(loaded.params)).toEqual(Object.fromEntries(readSafetensors(weightsPath())));
    disposeParams(loaded.params);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('saves again to the same bytes, with the tokenizer beside it', () => {
    writeFileSync(join(folder, 'tokenizer.json'), '{"version":"1.0"}');
    writeFileSync(join(folder, 'chat_template.jinja'), '{{ messages }}');
    const { params } = loadPretrained(folder);
    const copy = join(folder, 'copy');
    savePretrained({ folder: copy, params, config, tokenizerFolder: folder });
    for (const file of [
      'config.json',
      'model.safetensors',
      'generation_config.json',
      'tokenizer.json',
      'chat_template.jinja',
    ]) {
      expect(readFileSync(join(copy, file)).equals(readFileSync(join(folder, file))), file).toBe(true);
    }
    savePretrained({ folder, params, config, tokenizerFolder: folder });
    expect(readFileSync(join(folder, 'tokenizer.json'), 'utf8')).toBe('{"version":"1.0"}');
    disposeParams(params);
  });

  it('turns a language model into a reward model that keeps its normalisation', () => {
    const loaded = loadPretrained(folder);
    const reward = addScoreHead(loaded.params, loaded.config, createRng(2, 'head'));
    const copy = join(folder, 'reward');
    savePretrained({
      folder: copy,
      params: reward.params,
      config: { ...reward.config, rewardGain: 0.3, rewardBias: -1.25 },
    });
    const again = loadPretrained(copy);
    expect(again.config).toMatchObject({
      architecture: 'LlamaForSequenceClassification',
      rewardGain: 0.3,
      rewardBias: -1.25,
    });
    expect(again.params['score.weight']?.shape).toEqual([1, 8]);
    expect(existsSync(join(copy, 'generation_config.json'))).toBe(false);
    expect(() =>
      savePretrained({ folder: copy, params: reward.params, config: { ...reward.config, padTokenId: null } }),
    ).toThrow('a reward model needs pad_token_id');
    disposeParams(reward.params);
    disposeParams(again.params);
  });

  it('reads shards through their index', () => {
    const tensors = readSafetensors(weightsPath());
    const weight_map: Record<string, string> = {};
    const shards: Record<string, Record<string, HostTensor>> = {
      'model-1.safetensors': {},
      'model-2.safetensors': {},
    };
    [...tensors].forEach(([name, tensor], i) => {
      const shard = `model-${1 + (i % 2)}.safetensors`;
      weight_map[name] = shard;
      (shards[shard] as Record<string, HostTensor>)[name] = tensor;
    });
    for (const [shard, content] of Object.entries(shards)) writeSafetensors(join(folder, shard), content);
    const indexPath = join(folder, 'model.safetensors.index.json');
    writeFileSync(indexPath, JSON.stringify({ metadata: {}, weight_map }));
    rmSync(weightsPath());
    const { params } = loadPretrained(folder);
    expect(readParams(params)).toEqual(Object.fromEntries(tensors));
    disposeParams(params);

    copyFileSync(join(folder, 'model-1.safetensors'), join(folder, 'model-2.safetensors'));
    expect(() => loadPretrained(folder)).toThrow(
      /model-2.safetensors: tensor .* should be in model-1.safetensors/,
    );
    rmSync(join(folder, 'model-2.safetensors'));
    expect(() => loadPretrained(folder)).toThrow('shard model-2.safetensors is missing');
    writeFileSync(indexPath, JSON.stringify({ weight_map: { a: '../elsewhere.safetensors' } }));
    expect(() => loadPretrained(folder)).toThrow('shard ../elsewhere.safetensors is not a plain file name');
    rmSync(indexPath);
    expect(() => loadPretrained(folder)).toThrow('neither model.safetensors nor');
  });
});

describe('shards and other types', () => {
  it('splits above a size as transformers does, in order, and goes back to one file', () => {
    const { params } = loadPretrained(folder);
    const whole = readFileSync(weightsPath());
    savePretrained({ folder, params, config, maxShardBytes: 1000 });
    const files = readdirSync(folder).filter((file) => file.includes('safetensors'));
    const index = JSON.parse(readFileSync(join(folder, 'model.safetensors.index.json'), 'utf8'));
    const shards = files.filter((file) => file.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(2);
    expect(shards).toEqual([...new Set(Object.values(index.weight_map))]);
    expect(shards[0]).toBe(`model-00001-of-0000${shards.length}.safetensors`);
    expect(index.metadata.total_size).toBe(4 * countParams(params));
    for (const shard of shards) {
      const sizes = [...readSafetensors(join(folder, shard)).values()].map(({ data }) => data.byteLength);
      expect(sizes.length === 1 || sizes.reduce((a, b) => a + b) <= 1000).toBe(true);
    }
    const again = loadPretrained(folder);
    expect(readParams(again.params)).toEqual(readParams(params));

    savePretrained({ folder, params: again.params, config });
    expect(readdirSync(folder).filter((file) => file.includes('safetensors'))).toEqual(['model.safetensors']);
    expect(readFileSync(weightsPath()).equals(whole)).toBe(true);
    disposeParams(params);
    disposeParams(again.params);
  });

  it.each([
    ['BF16', 'bfloat16', 2 ** -8],
    ['F16', 'float16', 2 ** -11],
  ] as const)(
    'stores %s on request, half the size, and says so in config.json',
    (dtype, torchDtype, step) => {
      const { params } = loadPretrained(folder);
      const bytes = readFileSync(weightsPath()).length;
      savePretrained({ folder, params, config, dtype });
      expect(readFileSync(weightsPath()).length).toBeLessThan(0.7 * bytes);
      expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toMatchObject({
        dtype: torchDtype,
      });
      const again = loadPretrained(folder);
      for (const [name, { data }] of Object.entries(readParams(params))) {
        const rounded = readFloats(again.params[name] as Variable);
        // F16 has steps of 2^-24 below its smallest normal number
        for (const [i, value] of data.entries())
          expect(Math.abs((rounded[i] as number) - value)).toBeLessThanOrEqual(
            step * Math.abs(value) + 2 ** -25,
          );
      }
      disposeParams(params);
      disposeParams(again.params);
    },
  );
});

describe('loadPretrained refuses', () => {
  const norm = 'model.norm.weight';
  it.each<[string, (tensors: Record<string, HostTensor>) => void, string]>([
    [
      'a missing tensor',
      (t) => {
        delete t[norm];
      },
      `1 tensors are missing: ${norm}`,
    ],
    [
      'a tensor too many',
      (t) => {
        t['model.extra'] = { shape: [1], data: Float32Array.of(1) };
      },
      '1 tensors do not belong to a LlamaForCausalLM: model.extra',
    ],
    [
      'a wrong shape',
      (t) => {
        t[norm] = { shape: [4], data: new Float32Array(4) };
      },
      `tensor ${norm} has shape [4], config.json asks for [8]`,
    ],
    [
      'a transposed matrix',
      (t) => {
        const m = t['model.layers.0.mlp.up_proj.weight'] as HostTensor;
        m.shape = [8, 12];
      },
      'has shape [8,12], config.json asks for [12,8]',
    ],
    [
      'NaN',
      (t) => {
        (t[norm] as HostTensor).data[3] = Number.NaN;
      },
      `tensor ${norm} holds NaN at element 3`,
    ],
    [
      'infinity',
      (t) => {
        (t[norm] as HostTensor).data[0] = Number.POSITIVE_INFINITY;
      },
      `tensor ${norm} holds Infinity at element 0`,
    ],
    [
      'integers',
      (t) => {
        t[norm] = { shape: [8], data: new Int32Array(8) };
      },
      `tensor ${norm} holds integers`,
    ],
  ])('%s, by name', (_name, change, message) => {
    const before = tf.memory().numTensors;
    changeWeights(change);
    expect(() => loadPretrained(folder)).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads past the copy of a tied embedding, as transformers does', () => {
    changeWeights((t) => {
      t['lm_head.weight'] = { shape: [20, 8], data: new Float32Array(160) };
    });
    const { params } = loadPretrained(folder);
    expect(params['lm_head.weight']).toBeUndefined();
    disposeParams(params);
  });

  it('a folder without config.json, a config that is no JSON, parameters that do not fit', () => {
    writeFileSync(join(folder, 'config.json'), '{');
    expect(() => loadPretrained(folder)).toThrow(/config.json: not JSON/);
    rmSync(join(folder, 'config.json'));
    expect(() => loadPretrained(folder)).toThrow(/config.json: cannot be read/);
    expect(() => savePretrained({ folder, params: {}, config })).toThrow(
      'parameters do not match the config',
    );
  });
});
