import { definitionOf, RECIPES, type RecipeName } from '../config/recipes.ts';
import { parseOptions } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

export type TrainOptions = {
  recipe: RecipeName;
  data: string;
  out: string;
  model: string | null;
  reward: string | null;
  preset: string | null;
  config: string | null;
  set: string[];
  seed: number | null;
  backend: string | undefined;
  heldout: number | null;
  toySkill: number;
  toyLengthBias: number;
  resume: boolean;
  json: boolean;
};

/** Reads `<recipe> --option value ...`. Throws UsageError naming the option and what was expected. */
export function parseTrainOptions(argv: readonly string[]): TrainOptions {
  const { values, positionals } = parseOptions(argv, {
    data: { type: 'string' },
    out: { type: 'string' },
    model: { type: 'string' },
    reward: { type: 'string' },
    preset: { type: 'string' },
    config: { type: 'string' },
    set: { type: 'string', multiple: true },
    seed: { type: 'string' },
    backend: { type: 'string' },
    heldout: { type: 'string' },
    'toy-skill': { type: 'string' },
    'toy-length-bias': { type: 'string' },
    resume: { type: 'boolean' },
    json: { type: 'boolean' },
  });
  const [name, ...rest] = positionals;
  const recipe = RECIPES.find((known) => known === name);
  if (!recipe) {
    throw new UsageError(
      `${name === undefined ? 'no recipe given' : `unknown recipe "${name}"`}; expected one of: ${RECIPES.join(', ')}`,
    );
  }
  if (rest.length > 0)
    throw new UsageError(`unexpected "${rest[0]}" after the recipe; options begin with --`);
  if (values.data === undefined) throw new UsageError('--data is missing: a file, or "toy"');
  if (values.out === undefined)
    throw new UsageError('--out is missing: a folder for checkpoints and the final model');
  checkInputs(recipe, values);
  return {
    recipe,
    data: values.data,
    out: values.out,
    model: values.model ?? null,
    reward: values.reward ?? null,
    preset: values.preset ?? null,
    config: values.config ?? null,
    set: values.set ?? [],
    seed:
      values.seed === undefined
        ? null
        : numberOption('seed', values.seed, { min: 0, max: 4294967295, whole: true }),
    backend: values.backend,
    heldout:
      values.heldout === undefined ? null : numberOption('heldout', values.heldout, { min: 0, max: 1 }),
    toySkill: numberOption('toy-skill', values['toy-skill'] ?? '0.8', { min: 0, max: 1 }),
    toyLengthBias: numberOption('toy-length-bias', values['toy-length-bias'] ?? '0.3', { min: -10, max: 10 }),
    resume: values.resume ?? false,
    json: values.json ?? false,
  };
}

/** Which models a recipe is given is in its definition. */
function checkInputs(
  recipe: RecipeName,
  { model, reward }: { model?: string | undefined; reward?: string | undefined },
): void {
  const { model: start, rewardModel } = definitionOf(recipe).startsFrom;
  if (start.need === 'required' && model === undefined)
    throw new UsageError(`--model is missing: ${recipe} needs the folder of a model to start from`);
  if (rewardModel && reward === undefined) {
    throw new UsageError(
      `--reward is missing: ${recipe} needs the folder of a reward model, or "true" on toy data`,
    );
  }
  if (!rewardModel && reward !== undefined) {
    const others = RECIPES.filter((name) => definitionOf(name).startsFrom.rewardModel);
    throw new UsageError(`--reward has no meaning for ${recipe}; it belongs to ${others.join(', ')}`);
  }
}

export type GenerateOptions = {
  model: string;
  prompt: string;
  maxNew: number;
  temperature: number;
  seed: number;
  samples: number;
  backend: string | undefined;
  json: boolean;
};

export const GENERATE_HELP = `npm run generate -- --model <folder or hub name> --prompt <text> [options]

Options
  --max-new 48       most tokens to generate
  --temperature 1    0 takes the likeliest token every time
  --seed 1           the same seed gives the same text
  --samples 1        how many answers
  --backend name     cuda, native, simd or cpu; left out, PLUMBLINE_BACKEND, else the best of the first three that is here
  --json             print one JSON object, last, on standard output
`;

/** Reads the options of `generate`. Throws UsageError naming the option and what was expected. */
export function parseGenerateOptions(argv: readonly string[]): GenerateOptions {
  const { values, positionals } = parseOptions(argv, {
    model: { type: 'string' },
    prompt: { type: 'string' },
    'max-new': { type: 'string' },
    temperature: { type: 'string' },
    seed: { type: 'string' },
    samples: { type: 'string' },
    backend: { type: 'string' },
    json: { type: 'boolean' },
  });
  if (positionals.length > 0)
    throw new UsageError(`unexpected "${positionals[0]}"; did you mean --prompt "${positionals.join(' ')}"?`);
  if (values.model === undefined) throw new UsageError('--model is missing: the folder of a model');
  if (values.prompt === undefined) throw new UsageError('--prompt is missing: the text to answer');
  return {
    model: values.model,
    prompt: values.prompt,
    maxNew: numberOption('max-new', values['max-new'] ?? '48', { min: 1, max: 100_000, whole: true }),
    temperature: numberOption('temperature', values.temperature ?? '1', { min: 0, max: 100 }),
    seed: numberOption('seed', values.seed ?? '1', { min: 0, max: 4294967295, whole: true }),
    samples: numberOption('samples', values.samples ?? '1', { min: 1, max: 1000, whole: true }),
    backend: values.backend,
    json: values.json ?? false,
  };
}

/** A number of an option within bounds. Throws UsageError that names both. */
export function numberOption(
  name: string,
  text: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
    throw new UsageError(
      `--${name} is "${text}"; expected a ${whole ? 'whole ' : ''}number from ${min} to ${max}`,
    );
  }
  return value;
}
