import { describe, expect, it } from 'vitest';
import { toyComparisons, toyPrompts, toySftExamples, toyTexts } from './datasets.ts';
import { instructionFor, matterOf } from './prompts.ts';
import { simulatedAnnotator } from './simulated-annotator.ts';
import { trueReward } from './true-reward.ts';

describe('toy data sets', () => {
  it('are the same for the same seed and others for another', () => {
    expect(toyTexts(50, 1)).toEqual(toyTexts(50, 1));
    expect(toyTexts(50, 2)).not.toEqual(toyTexts(50, 1));
    expect(toySftExamples(50, 1)).toEqual(toySftExamples(50, 1));
  });

  it('hold out what no training prompt asks, in any words and either way round', () => {
    const train = toyPrompts(500, { seed: 1, split: 'train' });
    const heldout = toyPrompts(300, { seed: 2, split: 'heldout' });
    expect(train).toHaveLength(500);
    expect(heldout).toHaveLength(300);
    const matters = new Set(train.map(({ prompt }) => matterOf(prompt)));
    expect(heldout.filter(({ prompt }) => matters.has(matterOf(prompt)))).toEqual([]);
    const imitated = new Set(
      toySftExamples(500, 1).flatMap(({ prompt, split }) => (split === 'train' ? [matterOf(prompt)] : [])),
    );
    expect(heldout.filter(({ prompt }) => imitated.has(matterOf(prompt)))).toEqual([]);
    const kinds = new Set(heldout.map(({ prompt }) => instructionFor(prompt).kind));
    expect(kinds.size).toBe(10);
    expect(() => toyPrompts(5000, { seed: 1, split: 'heldout' })).toThrow(
      /only \d+ heldout prompts, 5000 were asked for/,
    );
  });

  it('leave a model room: answers to imitate are middling', () => {
    const rewards = toySftExamples(2000, 3).map(
      ({ prompt, completion }) => trueReward(prompt, completion).total,
    );
    const mean = rewards.reduce((sum, value) => sum + value, 0) / rewards.length;
    expect(mean).toBeGreaterThan(0.6);
    expect(mean).toBeLessThan(0.75);
    expect(rewards.filter((value) => value > 0.95).length / rewards.length).toBeGreaterThan(0.08);
  });

  it('compare only responses that differ', () => {
    const prompt = [{ role: 'user' as const, content: 'Can a dog fly?' }];
    const annotator = simulatedAnnotator({ skill: 1, biasToLength: 0, seed: 1 });
    const examples = toyComparisons(
      [
        { prompt, responses: ['No.', 'No.'] },
        { prompt, responses: ['No, a dog cannot fly.', 'Whatever. Yes', 'No, a dog cannot fly.'] },
      ],
      annotator,
    );
    expect(examples).toHaveLength(1);
    expect(examples[0]).toMatchObject({
      id: 'toy-1',
      responses: ['No, a dog cannot fly.', 'Whatever. Yes'],
      ranks: [0, 1],
    });
  });
});
