import { describe, expect, it } from 'vitest';
import { obstacleOf } from './obstacle.ts';
import { stepSchema } from './schemas.ts';

const ppoWhen = (when: unknown[]) =>
  stepSchema.parse({
    ...{ kind: 'train', key: 'ppo', recipe: 'ppo', model: { from: 'checkpoint', checkpointId: 'chk_1' } },
    ...{ rewardModel: { from: 'step', step: 'reward' }, when },
  });
const reward = { key: 'reward', status: 'done', figures: { heldOutAccuracy: 0.71, low: 0.58, high: 0.81 } };

describe('what stands in a step’s way', () => {
  it.each([
    ['low', 'above', 0.5, null],
    ['low', 'above', 0.6, 'low of step "reward" is 0.58, not above 0.6'],
    ['low', 'above', 0.58, 'low of step "reward" is 0.58, not above 0.58'],
    ['heldOutAccuracy', 'below', 0.8, null],
    ['heldOutAccuracy', 'below', 0.7, 'heldOutAccuracy of step "reward" is 0.71, not below 0.7'],
  ])('%s %s %d: %s', (figure, is, value, obstacle) => {
    expect(obstacleOf(ppoWhen([{ step: 'reward', figure, is, value }]), [reward])).toBe(obstacle);
  });

  it('is the first of several conditions that does not hold', () => {
    const when = [
      { step: 'reward', figure: 'low', is: 'above', value: 0.5 },
      { step: 'reward', figure: 'high', is: 'below', value: 0.8 },
    ];
    expect(obstacleOf(ppoWhen(when), [reward])).toMatch(/^high of step "reward" is 0.81/);
  });

  it('is a step it starts from, or depends on, that was skipped', () => {
    const skipped = { ...reward, status: 'skipped', figures: null };
    expect(obstacleOf(ppoWhen([]), [skipped])).toBe('step "reward" was skipped');
    const when = [{ step: 'other', figure: 'x', is: 'above', value: 0 }];
    expect(obstacleOf(ppoWhen(when), [reward, { key: 'other', status: 'skipped', figures: null }])).toBe(
      'step "other" was skipped',
    );
  });

  it('throws for a figure the step does not have, which is no condition that was not met', () => {
    const ask = (figure: string) => [{ step: 'reward', figure, is: 'above', value: 0 }];
    expect(() => obstacleOf(ppoWhen(ask('acuracy')), [reward])).toThrow(
      'The condition asks for "acuracy" of step "reward", which has only heldOutAccuracy, low, high.',
    );
    expect(() => obstacleOf(ppoWhen(ask('toString')), [reward])).toThrow(/asks for "toString"/);
    expect(() => obstacleOf(ppoWhen(ask('low')), [{ ...reward, figures: null }])).toThrow(/no figures/);
  });
});
