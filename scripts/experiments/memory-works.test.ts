import { expect, it } from 'vitest';
import { loadModelConfig } from '../../trainer/model/files/load-pretrained.ts';
import { estimateOf, MEMORY_WORKS, SMOLLM2_135M } from './memory-works.ts';

/** Peak RSS in MiB as `memory-estimate.ts` measured it (docs/experiments.md, "Memory, told and measured"). */
const MEASURED = {
  native: {
    'SFT, toy': 594,
    'reward model, toy': 581,
    'DPO, toy': 647,
    'PPO, toy': 780,
    'pretraining, 3.7M': 862,
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
  const models = { toy: loadModelConfig('trainer/bundled/toy-sft'), '135M': SMOLLM2_135M };
  const model = work.model === null ? null : models[work.model];
  const told = estimateOf(work, { model, backend }) / 2 ** 20;
  expect(Math.abs(told / mebibytes - 1)).toBeLessThan(0.15);
});
