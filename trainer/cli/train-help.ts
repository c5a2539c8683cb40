/** The help of `train`, from the table of recipes. */
import type { ModelNeed, RecipeDefinition } from '../config/definition.ts';
import { definitionOf, RECIPES } from '../config/recipes.ts';
import type { DataKind } from '../data/types.ts';

/** What `--data` names, for each kind of data. */
const DATA_FILES: Record<DataKind, string> = {
  texts: '.txt or JSONL {"text"}',
  demonstrations: 'JSONL or CSV {"prompt","completion"}, {"messages"} or {"instruction","output"}',
  rankings: 'HH-RLHF or TRL JSONL, or CSV prompt,chosen,rejected',
  unpaired: 'JSONL or CSV {"prompt","completion","label"}',
  prompts: 'prompts as .txt, JSONL or CSV',
};

const MODEL_OPTION: Record<ModelNeed, string> = {
  required: '--model',
  'or-new': '--model, left out: a new one',
  'or-base': '--model, left out: a small base is pretrained on the data first',
};

const indent = ' '.repeat(21);

export function trainHelp(): string {
  const all = RECIPES.map((name) => ({ name, definition: definitionOf(name) }));
  const recipes = all.map(
    ({ name, definition }) => `  ${name.padEnd(10)} ${definition.description}${givenTo(definition)}`,
  );
  const kinds = [...new Set(all.map(({ definition }) => definition.data))];
  const files = kinds.map((kind) => {
    const names = all.filter(({ definition }) => definition.data === kind).map(({ name }) => name);
    return `${names.join(', ')}: ${DATA_FILES[kind]}`;
  });
  const scored = all.filter(({ definition }) => definition.startsFrom.rewardModel).map(({ name }) => name);
  const presets = all.map(({ name, definition }) => `${name}: ${Object.keys(definition.presets).join(', ')}`);
  return `npm run train -- <recipe> --data <file> --out <folder> [options]

Recipes
${recipes.join('\n')}

Options
  --data file        ${files.join(`\n${indent}`)}
${indent}All may be .gz. "toy" or "toy:5000" makes rows of the toy world.
  --out folder       receives checkpoint-<step> folders and "final"
  --model folder     a Llama or GPT-2 model in Hugging Face's layout, or its name org/name on the hub
  --reward folder    ${scored.join(', ')}: the reward model; "true" takes the toy world's own reward instead
  --preset name      a named set of options:
${indent}${presets.join(`\n${indent}`)}
  --config x.yaml    options in a file, over the preset
  --set a.b=value    one option, over everything else; may be repeated
  --seed n           seed of every random stream of the run
  --heldout 0.2      share of prompts that are only measured, where the data is fitted to answers
  --backend name     cuda, native, simd or cpu; left out, PLUMBLINE_BACKEND, else the best of the first three that is here
  --toy-skill 0.8    rankings of toy data: how well the simulated annotator sees the true reward, 0 to 1
  --toy-length-bias 0.3   rankings of toy data: log-odds it gives to ten more words or to a phrase of flattery
  --resume           go on from the newest checkpoint in --out
  --json             print one JSON object, last, on standard output
`;
}

function givenTo({ startsFrom }: RecipeDefinition): string {
  const options = [MODEL_OPTION[startsFrom.model.need], startsFrom.rewardModel ? '--reward' : null].filter(
    (option) => option !== null,
  );
  return options.length === 0 ? '' : ` (${options.join(', ')})`;
}
