/** The report of a real, tiny model, held to its own scores and to the trainer's own accuracy. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import type { DescribedExample } from '../../trainer/data/types.ts';
import { measureRewardModel } from '../../trainer/evaluations/measure-reward-model.ts';
import { rewardAccuracy } from '../../trainer/evaluations/reward-accuracy.ts';
import { verifyManifest, writeManifest } from '../../trainer/manifest.ts';
import { loadModelConfig, loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { storeTemperature } from '../../trainer/model/files/store-temperature.ts';
import { addScoreHead } from '../../trainer/model/heads.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { writeTinyModel } from './tiny-world.ts';

const NOUNS = ['cat', 'dog', 'sun', 'tree', 'fish', 'bird', 'moon', 'rain'];
let language: string;
let folder: string;

const example = (i: number, given: Partial<DescribedExample> = {}): DescribedExample => ({
  id: `e${i}`,
  prompt: [{ role: 'user', content: `What colour is the ${NOUNS[i % 8]} number ${i}?` }],
  responses: [
    `The ${NOUNS[i % 8]} is red.`,
    `The ${NOUNS[(i + 3) % 8]} is ${i % 2 ? 'very ' : ''}blue.`,
    'No.',
  ],
  ranks: i % 5 === 0 ? [0, 0, 1] : [0, 1, 2],
  ...{
    margin: 0,
    split: i % 3 === 0 ? 'train' : 'heldout',
    strength: null,
    annotator: null,
    tags: [],
    metadata: {},
  },
  ...given,
});

beforeAll(async () => {
  await chooseBackend('cpu');
  const work = mkdtempSync(join(tmpdir(), 'report-'));
  language = await writeTinyModel(join(work, 'model'));
  const loaded = loadPretrained(language);
  const reward = addScoreHead(loaded.params, loaded.config, createRng(1, 'init'));
  folder = join(work, 'reward');
  const { padTokenId } = loadTokenizer(language);
  savePretrained({
    ...{ folder, params: reward.params, tokenizerFolder: language },
    config: { ...reward.config, padTokenId, rewardGain: 2, rewardBias: 1 },
  });
  disposeParams(reward.params);
});

describe('measureRewardModel', () => {
  it('has the accuracy that the trainer measures, on all held-out examples', async () => {
    const examples = Array.from({ length: 90 }, (_, i) => example(i));
    const report = await measureRewardModel({ rewardFolder: folder, examples });
    const heldOut = examples.filter(({ split }) => split === 'heldout');
    const {
      accuracy,
      examples: numExamples,
      pairs,
    } = await rewardAccuracy({ rewardFolder: folder, examples: heldOut });
    expect(report).toMatchObject({ examples: numExamples, pairs, trainExamples: 30 });
    expect(numExamples).toBe(60);
    expect(report?.accuracy).toMatchObject({ value: expect.closeTo(accuracy as number, 10) });
    expect(report?.baselines.longest.lengthMatched).toMatchObject({ value: expect.closeTo(0.5, 12) });
    expect(report?.slices.filter(({ slice }) => slice === 'better answer, characters')).toEqual([
      expect.objectContaining({ value: 'within 50', pairs }),
    ]);
  });

  it('puts prompts that are nearly the same into one cluster, and says which have a twin in training', async () => {
    const asking = (i: number, split: 'train' | 'heldout', content: string) =>
      example(i, { split, prompt: [{ role: 'user', content }] });
    const report = await measureRewardModel({
      rewardFolder: folder,
      examples: [
        asking(1, 'train', 'What is rain?'),
        asking(2, 'heldout', 'what is rain'),
        asking(3, 'heldout', 'Why?'),
        asking(4, 'heldout', 'why'),
      ],
    });
    expect(report).toMatchObject({ examples: 3, clusters: 2 });
    expect(report?.slices.filter(({ slice }) => slice === 'prompt')).toEqual([
      expect.objectContaining({ value: 'near a training prompt', clusters: 1 }),
      expect.objectContaining({ value: 'new', clusters: 1 }),
    ]);
  });

  it('stops when told, and refuses what it cannot measure', async () => {
    const examples = [example(1)];
    expect(
      await measureRewardModel({ rewardFolder: folder, examples, onProgress: async () => false }),
    ).toBeNull();
    await expect(measureRewardModel({ rewardFolder: language, examples })).rejects.toThrow('gives no scores');
    await expect(
      measureRewardModel({ rewardFolder: folder, examples: [example(1, { ranks: [0, 0, 0] })] }),
    ).rejects.toThrow('none of 1 held-out examples ranks one answer above another');
  });
});

describe('storeTemperature', () => {
  it('is read back, leaves the scores alone, and keeps a manifest true', async () => {
    writeManifest(folder);
    const before = readFileSync(join(folder, 'config.json'), 'utf8');
    storeTemperature(folder, 1.75);
    const { rewardTemperature, ...rest } = loadModelConfig(folder);
    expect(rewardTemperature).toBe(1.75);
    expect(rest).toMatchObject({ rewardGain: 2, rewardBias: 1 });
    expect(verifyManifest(folder)).toMatchObject({ ok: true });
    const { plumbline_temperature: _, ...others } = JSON.parse(
      readFileSync(join(folder, 'config.json'), 'utf8'),
    );
    expect(others).toEqual(JSON.parse(before));
  });
});
