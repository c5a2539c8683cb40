import { describe, expect, it } from 'vitest';
import { RECIPES } from '../runs/schemas.ts';
import { chainSchema, needsOf, resultOf } from './schemas.ts';

const model = { from: 'model', modelId: 'mdl_1' };
const snapshot = { kind: 'snapshot', key: 'frozen' };
const reward = {
  ...{ kind: 'train', key: 'reward', recipe: 'reward', model },
  snapshot: { from: 'step', step: 'frozen' },
};
const ppo = {
  kind: 'train',
  key: 'ppo',
  recipe: 'ppo',
  model,
  rewardModel: { from: 'step', step: 'reward' },
};

/** Every complaint as "path: message". */
function complaints(list: unknown): string[] {
  const parsed = chainSchema.safeParse(list);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a chain', () => {
  it('comes out with every config resolved', () => {
    const parsed = chainSchema.parse([snapshot, reward, ppo]);
    expect(parsed.map((step) => [step.key, resultOf(step)])).toEqual([
      ['frozen', 'snapshot'],
      ['reward', 'reward-model'],
      ['ppo', 'language-model'],
    ]);
    expect(parsed[1]).toMatchObject({ config: { epochs: 1, batchSize: 16 }, when: [] });
    // what is stored is valid again
    expect(chainSchema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  it.each([
    ['a key that is taken', [snapshot, snapshot], '1.key: "frozen" names an earlier step already'],
    ['a later step', [snapshot, ppo, reward], '1.rewardModel: no earlier step is named "reward"'],
    [
      'a step that leaves something else',
      [snapshot, reward, { ...ppo, rewardModel: { from: 'step', step: 'frozen' } }],
      '2.rewardModel: step "frozen" leaves snapshot, expected a reward-model',
    ],
    [
      'nothing where a recipe needs something',
      [{ kind: 'train', key: 'sft', recipe: 'sft', model }],
      '0.snapshot: expected where the snapshot comes from',
    ],
    [
      'something where it takes nothing',
      [snapshot, reward, { ...ppo, snapshot: { from: 'step', step: 'frozen' } }],
      '2.snapshot: ppo takes none',
    ],
    [
      'a condition on no earlier step',
      [snapshot, { ...reward, when: [{ step: 'ppo', figure: 'low', is: 'above', value: 0.6 }] }],
      '1.when.0.step: no earlier step is named "ppo"',
    ],
    [
      'a config with a wrong field',
      [snapshot, { ...reward, config: { epochs: -1 } }],
      '1.config.epochs: Too small: expected number to be >0',
    ],
    [
      'a task of one answer',
      [{ kind: 'generate', key: 'answers', models: [model], responsesPerPrompt: 1 }],
      '0.responsesPerPrompt: a task needs two answers or more',
    ],
  ])('refuses %s, by path', (_what, list, complaint) => {
    expect(complaints(list)).toContain(complaint);
  });

  it('refuses an empty list, an unknown kind and a key that is no name', () => {
    expect(complaints([])).toHaveLength(1);
    expect(complaints([{ kind: 'wait', key: 'x' }])).toHaveLength(1);
    expect(complaints([{ ...snapshot, key: 'My step' }])[0]).toMatch(/^0\.key: expected small letters/);
  });

  it.each(RECIPES)('knows what %s starts from', (recipe) => {
    const needs = needsOf({
      ...{ kind: 'train', key: 'x', when: [], recipe, config: {} },
      ...{ model: null, rewardModel: null, snapshot: null },
    });
    expect(needs.map(({ path }) => path)).toEqual(['model', 'rewardModel', 'snapshot']);
  });
});
