import { z } from 'zod';
import { LANGUAGE_MODEL_CHARTS } from './charts.ts';
import { computeFields, optimizerSchema, runtimeSchema, sampleFields } from './common.ts';
import type { RecipeDefinition } from './definition.ts';
import { loraSchema } from './lora.ts';

/** Next-token training on plain text: of a new Llama-style model, or of one that is given, which keeps its shape and tokenizer. */
export const pretrainSchema = z.strictObject({
  model: z
    .strictObject({
      hiddenSize: z
        .number()
        .int()
        .positive()
        .multipleOf(4)
        .default(128)
        .describe('Width of the residual stream'),
      numLayers: z.number().int().positive().default(4).describe('Number of decoder blocks'),
      numHeads: z.number().int().positive().default(4).describe('Attention heads'),
      numKvHeads: z
        .number()
        .int()
        .positive()
        .default(4)
        .describe('Key/value heads (grouped-query attention)'),
      intermediateSize: z
        .number()
        .int()
        .positive()
        .multipleOf(4)
        .default(344)
        .describe('Width inside the SwiGLU block'),
      maxPositions: z.number().int().positive().default(256).describe('Longest sequence the model will see'),
    })
    .prefault({}),
  vocabSize: z
    .number()
    .int()
    .min(262)
    .default(512)
    .describe(
      'Size of the byte-level BPE vocabulary trained on the text; a model that is given keeps its own',
    ),
  sequenceLength: z.number().int().min(8).default(64).describe('Tokens per training row'),
  batchSize: z.number().int().positive().default(32).describe('Rows per step'),
  steps: z.number().int().positive().default(1000).describe('Optimizer steps'),
  lora: loraSchema,
  ...computeFields,
  ...sampleFields,
  optimizer: optimizerSchema(),
  runtime: runtimeSchema(),
});

export type PretrainConfig = z.output<typeof pretrainSchema>;

export const pretrainRecipe = {
  title: 'Pretrain',
  description: 'Trains a new small model, or one that is given, to predict the next token of plain text.',
  schema: pretrainSchema,
  presets: {
    small: {
      reason: 'Real text on two cores in a few minutes: more words and longer rows than the toy world needs.',
      config: {
        model: {
          hiddenSize: 96,
          numLayers: 3,
          numHeads: 4,
          numKvHeads: 4,
          intermediateSize: 256,
          maxPositions: 512,
        },
        vocabSize: 1024,
        sequenceLength: 128,
        batchSize: 16,
        steps: 300,
      },
    },
    domain: {
      reason:
        'A model that is given learns the language of one field from its plain text: full rows, and a hundredth of a new model’s rate, since what is forgotten grows with it.',
      config: {
        sequenceLength: 512,
        batchSize: 8,
        steps: 500,
        optimizer: { learningRate: 1e-5, warmupRatio: 0.1 },
      },
    },
    lora: {
      reason:
        'The same by an adapter: gradients and moments of a few hundredths of the weights, at ten times the rate of full tuning. Forgets less, and learns less of a large text.',
      config: {
        sequenceLength: 512,
        batchSize: 8,
        steps: 500,
        lora: { rank: 16 },
        optimizer: { learningRate: 1e-4, warmupRatio: 0.1 },
      },
    },
    toy: {
      reason:
        'The bundled model: as small as answers most toy questions, so that the demo stays under three minutes.',
      config: {
        model: {
          hiddenSize: 96,
          numLayers: 3,
          numHeads: 4,
          numKvHeads: 4,
          intermediateSize: 256,
          maxPositions: 256,
        },
        vocabSize: 768,
        sequenceLength: 64,
        batchSize: 16,
        steps: 1600,
        optimizer: { learningRate: 2e-3 },
        runtime: { evalEvery: 200, checkpointEvery: 800 },
      },
    },
  },
  startsFrom: {
    model: {
      need: 'or-new',
      hint: 'The model to go on from, which keeps its shape and tokenizer; left out, a new one is made, and its tokenizer from the same text.',
    },
    rewardModel: null,
  },
  data: 'texts',
  newModel: ({ model, vocabSize }) => ({ ...model, vocabSize }),
  work: ({ steps, batchSize, sequenceLength }) => {
    const tokens = batchSize * sequenceLength;
    return {
      steps,
      models: [{ model: 'start', isTrained: true }],
      passes: [{ model: 'start', kind: 'train', tokens, logits: tokens, times: 1 }],
    };
  },
  result: { kind: 'language-model', suffix: '-pretrain' },
  metrics: 'pretrain',
  charts: LANGUAGE_MODEL_CHARTS,
  progress: { loss: 'loss', eval_loss: 'held-out loss' },
  headlines: [{ name: 'heldOutLoss', label: 'held-out loss', unit: 'number' }],
  summary: { heldOutLoss: 'Held-out loss', perplexity: 'Perplexity', tokens: 'Tokens trained on' },
} as const satisfies RecipeDefinition<typeof pretrainSchema>;
