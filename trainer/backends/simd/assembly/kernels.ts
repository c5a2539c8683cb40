// The module's exports: all kernels. See vector.ts for the conventions.
export { adamw, SUM_SQUARES_BLOCK, sumSquares } from './adamw';
export { attention, attentionGradient, rotateRows } from './attention';
export { decodeAttention, writeKvCache } from './decode';
export { add, multiplyElements, subtract, swiglu, swigluGradient } from './elementwise';
export { embedding, embeddingGradient, sumOfRows } from './embedding';
export { gelu, geluErf, geluErfGradient, geluGradient } from './gelu';
export { fewRowsTimesTransposed, fillRows, GEMM_SCRATCH_BYTES, gemmByColumns, gemmByRows } from './gemm';
export { layerNorm, layerNormGradient, layerNormWeightGradient } from './layer-norm';
export { tokenEntropy, tokenLogProbs, tokenLogProbsGradient } from './log-probs';
export { rmsNorm, rmsNormGradient, rmsNormWeightGradient } from './rms-norm';
export { sampleToken } from './sampling';
