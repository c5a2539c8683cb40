import { expect, test } from 'vitest';
import { pretrainRecipe, pretrainSchema } from '../config/pretrain.ts';
import { newGpt2Config, newModelConfig } from './config.ts';
import { numParametersOf, numParametersOfNew } from './num-parameters.ts';

test('published models have the published number of parameters', () => {
  // as transformers counts them: model.num_parameters() of HuggingFaceTB/SmolLM2-135M and openai-community/gpt2
  const smollm2 = newModelConfig({
    vocabSize: 49_152,
    hiddenSize: 576,
    intermediateSize: 1536,
    numLayers: 30,
    numHeads: 9,
    numKvHeads: 3,
    maxPositions: 8192,
  });
  expect(numParametersOf(smollm2)).toBe(134_515_008);
  const gpt2 = newGpt2Config({
    vocabSize: 50_257,
    hiddenSize: 768,
    intermediateSize: 3072,
    numLayers: 12,
    numHeads: 12,
    maxPositions: 1024,
  });
  expect(numParametersOf(gpt2)).toBe(124_439_808);
});

test('a model to be pretrained is counted before it is there', () => {
  // by hand: 300 x 8 embedding, 8 final norm; per layer 4 x 8 x 8 attention, 3 x 8 x 12 MLP, 2 x 8 norms
  const config = pretrainSchema.parse({
    model: { hiddenSize: 8, numLayers: 2, numHeads: 2, numKvHeads: 2, intermediateSize: 12 },
    vocabSize: 300,
  });
  expect(numParametersOfNew(pretrainRecipe.newModel(config))).toBe(2400 + 8 + 2 * (256 + 288 + 16));
});
