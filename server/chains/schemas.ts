import { z } from 'zod';
import { snapshotConditions } from '../../lib/snapshot-query.ts';
import { inputText, inputValues } from '../../lib/well-formed.ts';
import { definitionOf } from '../../trainer/config/recipes.ts';
import { type InputNeed, parseRecipeConfig, RECIPES, recipeInputs } from '../runs/schemas.ts';

/** What a step can leave for later ones to start from. */
export type StepResult = 'snapshot' | 'language-model' | 'reward-model';

const id = inputText().min(1).max(64);
const stepKey = inputText().regex(
  /^[a-z][a-z0-9-]{0,39}$/,
  'expected small letters, digits and hyphens, a letter first, at most 40',
);

/** Where a step finds a checkpoint: one and the same each time, a model's current one when the chain begins, or an earlier step's. */
const checkpointSource = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('checkpoint'), checkpointId: id }),
  z.strictObject({ from: z.literal('model'), modelId: id }),
  z.strictObject({ from: z.literal('step'), step: stepKey }),
]);
const snapshotSource = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('snapshot'), snapshotId: id }),
  z.strictObject({ from: z.literal('step'), step: stepKey }),
]);
export type Source = z.output<typeof checkpointSource> | z.output<typeof snapshotSource>;

/** A figure of an earlier step against a number. An interval's bounds are figures of their own: `low`, `high`. */
const condition = z.strictObject({
  step: stepKey,
  figure: inputText().trim().min(1).max(80),
  is: z.enum(['above', 'below']),
  value: z.number(),
});
export type Condition = z.output<typeof condition>;

const shared = {
  key: stepKey,
  /** all of them must hold, or the step is skipped */
  when: z.array(condition).max(8).default([]),
};
const sampling = {
  temperature: z.number().min(0).max(5).default(1).describe('Of the sampling distribution; 0 is greedy'),
  maxNewTokens: z.number().int().min(1).max(1024).default(64).describe('Longest answer in tokens'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(4_294_967_295)
    .default(1)
    .describe('The same seed draws the same answers'),
};
/** Options of steps that are no recipe; the page makes its fields from them. */
const generateOptions = {
  numPrompts: z.number().int().min(1).max(5000).default(100).describe('The oldest not yet answered'),
  responsesPerPrompt: z.number().int().min(1).max(9).default(2).describe('Answers of each model to a prompt'),
  ...sampling,
  createTasks: z.boolean().default(true).describe('Make tasks of the answers'),
};
export const stepOptions = {
  generate: z.object(generateOptions),
  evaluate: z.object(sampling),
} as const;

export const stepSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('snapshot'),
    ...shared,
    ...snapshotConditions,
    /** takes query, seed and time from that snapshot, in place of the conditions: the same again, without what was withdrawn since */
    like: id.nullable().default(null),
  }),
  z.strictObject({
    kind: z.literal('train'),
    ...shared,
    recipe: z.enum(RECIPES),
    config: inputValues().default({}),
    model: checkpointSource.nullable().default(null),
    rewardModel: checkpointSource.nullable().default(null),
    snapshot: snapshotSource.nullable().default(null),
  }),
  z.strictObject({
    kind: z.literal('generate'),
    ...shared,
    models: z.array(checkpointSource).min(1).max(9),
    ...generateOptions,
  }),
  z.strictObject({
    kind: z.literal('evaluate'),
    ...shared,
    evaluation: z.discriminatedUnion('measure', [
      /** how often a reward model orders the held-out judgments of a snapshot as they were judged */
      z.strictObject({
        measure: z.literal('accuracy'),
        rewardModel: checkpointSource,
        snapshot: snapshotSource,
        /** measured on the same judgments, for the difference */
        baseline: checkpointSource.nullable().default(null),
      }),
      /** what a reward model gives a model's answers to every held-out prompt, and how much more than another model's */
      z.strictObject({
        measure: z.literal('score'),
        model: checkpointSource,
        rewardModel: checkpointSource,
        baseline: checkpointSource.nullable().default(null),
        ...sampling,
      }),
    ]),
  }),
]);
export type ChainStep = z.output<typeof stepSchema>;
export type ChainStepInput = z.input<typeof stepSchema>;
export type StepKind = ChainStep['kind'];
export type StepOf<K extends StepKind> = Extract<ChainStep, { kind: K }>;

/** One thing that a step starts from. */
export type Need = {
  /** path of the field that says where it comes from */
  path: string;
  /** what the field is called on a page */
  label: string;
  expects: StepResult;
  source: Source | null;
  need: InputNeed;
};

/** What a step is, for pages and for checks: everything that is said of a kind is said here. */
export const stepKinds: {
  [K in StepKind]: {
    title: string;
    description: string;
    result: (step: StepOf<K>) => StepResult | null;
    needs: (step: StepOf<K>) => Need[];
    /** what conditions of later steps can name, in words (docs/metrics.md) */
    figures: (step: StepOf<K>) => Record<string, string>;
  };
} = {
  snapshot: {
    title: 'Snapshot',
    description: 'Freezes the judgments so far.',
    result: () => 'snapshot',
    needs: () => [],
    figures: () => ({ judgments: 'Judgments kept', leftOut: 'Judgments left out' }),
  },
  train: {
    title: 'Train',
    description: 'Runs a recipe; its result is a checkpoint.',
    result: ({ recipe }) => definitionOf(recipe).result.kind,
    needs: ({ recipe, model, rewardModel, snapshot }) => {
      const needs = recipeInputs(recipe);
      return [
        need('model', 'Model', 'language-model', model, needs.model),
        need('rewardModel', 'Reward model', 'reward-model', rewardModel, needs.rewardModel),
        need('snapshot', 'Snapshot', 'snapshot', snapshot, needs.snapshot),
      ];
    },
    figures: ({ recipe }) => definitionOf(recipe).summary,
  },
  generate: {
    title: 'Generate',
    description: 'Lets models answer prompts they have not answered, and makes tasks of the answers.',
    result: () => null,
    needs: ({ models }) =>
      models.map((source, i) => need(`models.${i}`, `Model ${i + 1}`, 'language-model', source, 'required')),
    figures: () => ({
      numPrompts: 'Prompts answered',
      numResponses: 'Answers',
      numTasks: 'Tasks made',
    }),
  },
  evaluate: {
    title: 'Evaluate',
    description: 'Measures a checkpoint on held-out data; later steps can depend on its figures.',
    result: () => null,
    needs: ({ evaluation }) =>
      evaluation.measure === 'accuracy'
        ? [
            need(
              'evaluation.rewardModel',
              'Reward model',
              'reward-model',
              evaluation.rewardModel,
              'required',
            ),
            need('evaluation.snapshot', 'Snapshot', 'snapshot', evaluation.snapshot, 'required'),
            need('evaluation.baseline', 'Compared with', 'reward-model', evaluation.baseline, 'optional'),
          ]
        : [
            need('evaluation.model', 'Model', 'language-model', evaluation.model, 'required'),
            need(
              'evaluation.rewardModel',
              'Reward model',
              'reward-model',
              evaluation.rewardModel,
              'required',
            ),
            need('evaluation.baseline', 'Compared with', 'language-model', evaluation.baseline, 'optional'),
          ],
    figures: ({ evaluation }) => EVALUATION_FIGURES[evaluation.measure],
  },
};

const EVALUATION_FIGURES = {
  accuracy: {
    accuracy: 'Accuracy',
    low: '95 % interval from',
    high: '95 % interval to',
    strict: 'Accuracy, equal scores wrong',
    margin: 'Margin',
    loss: 'Loss',
    examples: 'Judgments',
    pairs: 'Pairs',
    baselineAccuracy: 'Accuracy of the model compared with',
    gain: 'Gain over it',
    gainLow: '95 % interval of the gain from',
    gainHigh: '95 % interval of the gain to',
  },
  score: {
    score: 'Score',
    low: '95 % interval from',
    high: '95 % interval to',
    baselineScore: 'Score of the model compared with',
    gain: 'Gain over it',
    gainLow: '95 % interval of the gain from',
    gainHigh: '95 % interval of the gain to',
    ended: 'Answers that ended by themselves',
    responseLength: 'Tokens of an answer',
    prompts: 'Prompts',
    refused: 'Prompts refused by the chat template',
  },
};

function need(path: string, label: string, expects: StepResult, source: Source | null, how: InputNeed): Need {
  return { path, label, expects, source, need: how };
}

/** What a step leaves behind. */
export function resultOf<K extends StepKind>(step: StepOf<K>): StepResult | null {
  return stepKinds[step.kind as K].result(step);
}

/** What conditions of later steps can name of a step. */
export function figuresOf<K extends StepKind>(step: StepOf<K>): Record<string, string> {
  return stepKinds[step.kind as K].figures(step);
}

/** What a step starts from. */
export function needsOf<K extends StepKind>(step: StepOf<K>): Need[] {
  return stepKinds[step.kind as K].needs(step);
}

/**
 * The list of a chain: keys differ, whatever a step names is an earlier step that leaves the right thing, recipes get what they
 * start from and nothing else, and configs are valid. Configs come out resolved.
 */
export const chainSchema = z
  .array(stepSchema)
  .min(1)
  .max(30)
  .transform((steps, context) => {
    const earlier = new Map<string, StepResult | null>();
    return steps.map((step, i) => {
      const complain = (path: string, message: string) =>
        context.addIssue({ code: 'custom', path: [i, ...path.split('.')], message, input: step });
      if (earlier.has(step.key)) complain('key', `"${step.key}" names an earlier step already`);
      for (const { path, expects, source, need } of needsOf(step)) {
        if (source === null) {
          if (need === 'required') complain(path, `expected where the ${expects} comes from`);
          continue;
        }
        if (step.kind === 'train' && need === 'none') complain(path, `${step.recipe} takes none`);
        if (source.from !== 'step') continue;
        const found = earlier.get(source.step);
        if (found === undefined) complain(path, `no earlier step is named "${source.step}"`);
        else if (found !== expects) {
          complain(path, `step "${source.step}" leaves ${found ?? 'nothing'}, expected a ${expects}`);
        }
      }
      step.when.forEach(({ step: named }, c) => {
        if (!earlier.has(named)) complain(`when.${c}.step`, `no earlier step is named "${named}"`);
      });
      earlier.set(step.key, resultOf(step));
      if (step.kind === 'generate' && step.createTasks && step.models.length * step.responsesPerPrompt < 2) {
        complain('responsesPerPrompt', 'a task needs two answers or more');
      }
      if (step.kind !== 'train') return step;
      const parsed = parseRecipeConfig(step.recipe, step.config);
      if (parsed.ok) return { ...step, config: parsed.config };
      for (const { path, message } of parsed.issues) complain(`config.${path}`, message);
      return step;
    });
  });

export const oneExecutionInput = z.object({ projectId: id, executionId: id });
