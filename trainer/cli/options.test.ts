import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { definitionOf, RECIPES, recipes } from '../config/recipes.ts';
import { parseImportModelOptions } from './import-model-options.ts';
import { resolveConfig } from './resolve-config.ts';
import { parseGenerateOptions, parseTrainOptions } from './train-options.ts';
import { UsageError } from './usage-error.ts';

const train = (line: string) => parseTrainOptions(line.split(' '));

describe('parseTrainOptions', () => {
  it('reads a whole line', () => {
    expect(
      train(
        'reward --data a.jsonl.gz --out runs/a --seed 3 --set epochs=2 --set optimizer.learningRate=1e-4 --json',
      ),
    ).toMatchObject({
      recipe: 'reward',
      data: 'a.jsonl.gz',
      out: 'runs/a',
      model: null,
      seed: 3,
      set: ['epochs=2', 'optimizer.learningRate=1e-4'],
      json: true,
      resume: false,
    });
  });

  it.each([
    ['', /unknown recipe ""|no recipe/],
    ['grpo --data a --out b', /unknown recipe "grpo"; expected one of: pretrain, sft, reward, ppo, dpo, kto/],
    ['sft --out b', /--data is missing/],
    ['sft --data a', /--out is missing/],
    ['sft --data a --out b', /--model is missing: sft/],
    ['ppo --data a --out b --model m', /--reward is missing: ppo/],
    ['reward --data a --out b --reward c', /--reward has no meaning for reward/],
    ['sft --data a --out b --modle m', /Unknown option '--modle'; options are: --data/],
    ['sft --data a --out b --model m extra', /unexpected "extra"/],
    ['reward --data a --out b --seed x', /--seed is "x"; expected a whole number from 0/],
    ['reward --data a --out b --seed 1.5', /--seed is "1.5"/],
    ['reward --data a --out b --heldout 2', /--heldout is "2"; expected a number from 0 to 1/],
  ])('refuses "%s"', (line, message) => {
    expect(() => train(line)).toThrow(UsageError);
    expect(() => train(line)).toThrow(message);
  });
});

describe('parseGenerateOptions', () => {
  it('has defaults and names what is wrong', () => {
    expect(parseGenerateOptions(['--model', 'm', '--prompt', 'Hi there'])).toMatchObject({
      maxNew: 48,
      temperature: 1,
    });
    expect(() => parseGenerateOptions(['--model', 'm'])).toThrow(/--prompt is missing/);
    expect(() => parseGenerateOptions(['--model', 'm', '--prompt', 'Hi', '--temperature', '-1'])).toThrow(
      /--temperature/,
    );
    expect(() => parseGenerateOptions(['--model', 'm', 'Hi', 'there'])).toThrow(
      /did you mean --prompt "Hi there"/,
    );
  });
});

describe('parseImportModelOptions', () => {
  const parse = (line: string) => parseImportModelOptions(line.split(' '));
  it('takes a llama2.c file with its tokenizer, a model with an adapter, or a base model', () => {
    expect(parse('--model m --chatml --out o').source).toEqual({ kind: 'chatml', model: 'm' });
    expect(parse('--llama2c m.bin --tokenizer t.bin --out o')).toMatchObject({
      source: { kind: 'llama2c', model: 'm.bin', tokenizer: 't.bin' },
      dtype: 'F32',
    });
    expect(parse('--model m --adapter a --out o --dtype bfloat16')).toMatchObject({
      source: { kind: 'adapter', model: 'm', adapter: 'a' },
      dtype: 'BF16',
    });
  });

  it.each([
    ['--llama2c m.bin --tokenizer t.bin', /--out is missing/],
    ['--llama2c m.bin --out o', /--tokenizer is missing/],
    [
      '--model m --out o',
      /expected --llama2c and --tokenizer, --model and --adapter, or --model and --chatml/,
    ],
    ['--model m --adapter a --chatml --out o', /expected --llama2c/],
    ['--llama2c m.bin --tokenizer t.bin --chatml --out o', /expected --llama2c/],
    ['--llama2c m --model m --adapter a --out o', /expected --llama2c/],
    ['--model m --adapter a --out o --dtype int8', /--dtype is "int8"; expected one of: float32, bfloat16/],
    ['--model m --adapter a --out o more', /unexpected "more"/],
  ])('refuses "%s"', (line, message) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(message);
  });
});

describe('resolveConfig', () => {
  const none = { preset: null, config: null, set: [], seed: null };
  const yaml = (text: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'x.yaml');
    writeFileSync(path, text);
    return path;
  };

  it('puts file over preset, --set over file, --seed over all', () => {
    const config = yaml('epochs: 3\nbatchSize: 8\nruntime:\n  seed: 5\n');
    expect(resolveConfig('reward', { preset: 'toy', config, set: ['batchSize=4'], seed: 9 })).toMatchObject({
      epochs: 3,
      batchSize: 4,
      maxLength: recipes.reward.presets.toy.config.maxLength,
      runtime: { seed: 9, evalEvery: 20 },
    });
  });

  it.each(RECIPES)('has only valid presets for %s', (recipe) => {
    for (const preset of Object.keys(definitionOf(recipe).presets)) {
      expect(() => resolveConfig(recipe, { ...none, preset })).not.toThrow();
    }
  });

  it.each([
    [{ ...none, preset: 'huge' }, /--preset huge: reward has no such preset; there are: small/],
    [{ ...none, set: ['epochs'] }, /--set epochs: expected name=value/],
    [{ ...none, set: ['epoch=2'] }, /--set: there is no option "epoch"/],
    [{ ...none, set: ['optimizer.beta1=2'] }, /--set: optimizer.beta1 is 2: /],
    [{ ...none, config: '/no/such.yaml' }, /--config \/no\/such.yaml: cannot be read/],
    [{ ...none, config: yaml('- a\n') }, /expected options as "name: value" lines/],
    [{ ...none, config: yaml('a: [') }, /x.yaml: not YAML/],
    [{ ...none, config: yaml('runtime:\n  sed: 3\n') }, /x.yaml: there is no option "runtime.sed"/],
    [{ ...none, config: yaml('batchSize: many\n') }, /x.yaml: batchSize is "many": /],
  ])('names option, place and expectation %#', (layers, message) => {
    expect(() => resolveConfig('reward', layers)).toThrow(UsageError);
    expect(() => resolveConfig('reward', layers)).toThrow(message);
  });
});
