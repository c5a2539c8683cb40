import { expect, it } from 'vitest';
import { templateTokens } from '../../trainer/cost/data-size.ts';
import { loadModelConfig } from '../../trainer/model/files/load-pretrained.ts';
import { estimateOf, MEMORY_WORKS, SMOLLM2_135M, SMOLLM2_AROUND_PROMPT } from './memory-works.ts';

const TOY = 'trainer/bundled/toy-sft';

/** Peak RSS in MiB as `memory-estimate.ts` measured it (docs/experiments.md, "Memory, told and measured"). */
const MEASURED = {
  native: {
    'SFT, toy': 594,
    'reward model, toy': 581,
    'DPO, toy': 647,
    'PPO, toy': 780,
    'pretraining, 3.7M': 862,
    'SFT, 135M': 4691,
    'reward model, 135M, bfloat16': 4700,
    'DPO, 135M, LoRA 16': 4294,
  },
  simd: {
    'SFT, toy': 272,
    'reward model, toy': 318,
    'DPO, toy': 372,
    'PPO, toy': 469,
    'pretraining, 3.7M': 673,
  },
};

const cases = (['native', 'simd'] as const).flatMap((backend) =>
  Object.entries(MEASURED[backend]).map(([name, mebibytes]) => ({ backend, name, mebibytes })),
);

it.each(cases)('$name on $backend is told within 15 %', ({ backend, name, mebibytes }) => {
  const work = MEMORY_WORKS.find((other) => other.name === name);
  if (!work) throw new Error(`no work is called ${name}`);
  const models = {
    toy: { model: loadModelConfig(TOY), aroundPrompt: templateTokens(TOY, loadModelConfig(TOY).vocabSize) },
    '135M': { model: SMOLLM2_135M, aroundPrompt: SMOLLM2_AROUND_PROMPT },
  };
  const start = work.model === null ? { model: null, aroundPrompt: 0 } : models[work.model];
  const told = estimateOf(work, { ...start, backend }) / 2 ** 20;
  expect(Math.abs(told / mebibytes - 1)).toBeLessThan(0.15);
});
