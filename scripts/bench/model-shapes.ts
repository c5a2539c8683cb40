import { newModelConfig } from '../../trainer/model/config.ts';

/** The small models of the benchmarks, in every mode. */
export const MODEL_SHAPES = {
  '0.86M': newModelConfig({
    ...{ vocabSize: 512, hiddenSize: 128, intermediateSize: 344, numLayers: 4, numHeads: 4 },
    ...{ maxPositions: 512, bosTokenId: 1, eosTokenIds: [2], padTokenId: 0 },
  }),
  '3.7M': newModelConfig({
    ...{ vocabSize: 2048, hiddenSize: 256, intermediateSize: 688, numLayers: 4, numHeads: 8 },
    ...{ maxPositions: 512, bosTokenId: 1, eosTokenIds: [2], padTokenId: 0 },
  }),
};
