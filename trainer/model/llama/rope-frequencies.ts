import type { LlamaConfig } from './llama-config.ts';

/**
 * What a rotary pair i turns by for each position, [K/2]: theta^(-2i/K) in float32 as torch has it, then scaled. For dynamic
 * scaling these are the frequencies up to originalMaxPositions; see dynamicRopeTables for what comes after.
 * Formulas: transformers' modeling_rope_utils.py, `_compute_{linear_scaling,llama3}_...parameters`.
 */
export function ropeFrequencies({
  headDim,
  ropeTheta,
  ropeScaling,
}: Pick<LlamaConfig, 'headDim' | 'ropeTheta' | 'ropeScaling'>): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = Math.fround(1 / Math.fround(ropeTheta ** Math.fround((2 * i) / headDim)));
    if (ropeScaling?.type === 'linear') return frequency / ropeScaling.factor;
    if (ropeScaling?.type !== 'llama3') return frequency;

    const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = ropeScaling;
    /** how often the pair turns around over the length of pretraining */
    const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
    if (turns < lowFreqFactor) return frequency / factor;
    if (turns > highFreqFactor) return frequency;
    const smooth = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}
