import { describe, expect, it } from 'vitest';
import { chainSchema } from '@/server/chains/schemas.ts';
import { newDraft, parseDrafts, renameStep, toDraft } from './step-draft.ts';

const model = { from: 'model', modelId: 'mdl_1' };
const chain = chainSchema.parse([
  { kind: 'snapshot', key: 'frozen', sources: ['annotator'] },
  {
    ...{ kind: 'train', key: 'reward', recipe: 'reward', model, config: { epochs: 2, lora: { rank: 8 } } },
    snapshot: { from: 'step', step: 'frozen' },
  },
  {
    ...{ kind: 'evaluate', key: 'accuracy' },
    evaluation: {
      ...{ measure: 'accuracy', rewardModel: { from: 'step', step: 'reward' } },
      snapshot: { from: 'snapshot', snapshotId: 'snp_1' },
    },
  },
  {
    ...{ kind: 'train', key: 'ppo', recipe: 'ppo', model, rewardModel: { from: 'step', step: 'reward' } },
    when: [{ step: 'accuracy', figure: 'low', is: 'above', value: 0.6 }],
  },
  {
    ...{ kind: 'evaluate', key: 'score' },
    evaluation: {
      ...{
        measure: 'score',
        model: { from: 'step', step: 'ppo' },
        rewardModel: { from: 'step', step: 'reward' },
      },
      ...{ baseline: { from: 'checkpoint', checkpointId: 'chk_1' }, temperature: 0.7 },
    },
  },
  { kind: 'generate', key: 'answers', models: [model, { from: 'step', step: 'ppo' }], numPrompts: 30 },
]);

describe('a list of steps in the form', () => {
  it('comes out as it was stored, whatever the kinds', () => {
    const parsed = parseDrafts(chain.map(toDraft));
    expect(parsed).toEqual({ ok: true, steps: chain });
  });

  it('says what is wrong by step and path', () => {
    const drafts = chain.map(toDraft);
    const broken = drafts.map((draft) =>
      draft.key === 'reward' ? { ...draft, values: { ...draft.values, epochs: 'two' } } : draft,
    );
    const parsed = parseDrafts(broken);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok)
      expect(parsed.issues.map((issues) => issues.map(({ path }) => path))).toEqual([
        [],
        ['config.epochs'],
        [],
        [],
        [],
        [],
      ]);
    // a new step has nothing picked yet
    const unpicked = parseDrafts([newDraft('evaluate', [])]);
    expect(unpicked.ok).toBe(false);
  });

  it('keeps what names a step when its key is typed anew, and new keys unlike the others', () => {
    const drafts = chain.map(toDraft);
    const renamed = parseDrafts(renameStep(drafts, drafts[1]?.id ?? '', 'judge'));
    expect(renamed.ok && renamed.steps.map((step) => step.key)).toContain('judge');
    const conditional = parseDrafts(renameStep(drafts, drafts[2]?.id ?? '', 'check'));
    expect(conditional.ok && conditional.steps[3]?.when[0]?.step).toBe('check');
    expect(newDraft('train', drafts, 'ppo').key).toBe('ppo-2');
  });
});
