/** What `--data` (and `--heldout`, `--toy-*`) mean for each recipe. */
import {
  type Loaded,
  type LoadReport,
  loadPreferences,
  loadPrompts,
  loadSftExamples,
  loadTexts,
} from '../data/load-examples.ts';
import type { PromptExample, RankedExample, SftExample, TextExample } from '../data/types.ts';
import { sampleResponses } from '../sample-responses.ts';
import { toyComparisons, toyPrompts, toySftExamples, toyTexts } from '../toy-world/datasets.ts';
import { simulatedAnnotator } from '../toy-world/simulated-annotator.ts';
import type { Progress } from './progress.ts';
import type { TrainOptions } from './train-options.ts';
import { UsageError } from './usage-error.ts';

export type RecipeData =
  | { recipe: 'pretrain'; texts: TextExample[] }
  | { recipe: 'sft'; examples: SftExample[] }
  | { recipe: 'reward'; examples: RankedExample[] }
  | { recipe: 'ppo'; prompts: PromptExample[]; evalPrompts: PromptExample[] };

/** rows of the toy world where `--data toy` does not say how many */
const TOY_ROWS = { pretrain: 20_000, sft: 8_000, reward: 1_000, ppo: 1_500 };
const TOY_RESPONSES_PER_PROMPT = 4;
const TOY_RESPONSE_TOKENS = 40;
const MOST_EVAL_PROMPTS = 256;

/** How many toy rows `--data` asks for, or null when it names a file. */
export function toyRows(options: Pick<TrainOptions, 'data' | 'recipe'>): number | null {
  const match = /^toy(?::(\d+))?$/.exec(options.data);
  if (!match) return null;
  return match[1] === undefined ? TOY_ROWS[options.recipe] : Number(match[1]);
}

/** Reads the file, or makes the toy rows. Throws UsageError when there is nothing to train on. */
export async function loadData(
  options: TrainOptions,
  { seed, progress, signal }: { seed: number; progress: Progress; signal: AbortSignal },
): Promise<{ data: RecipeData; report: LoadReport | null }> {
  const rows = toyRows(options);
  if (rows !== null) return { data: await toyData(options, { rows, seed, progress, signal }), report: null };

  const { data: file, recipe, heldout } = options;
  const split = heldout === null ? {} : { heldoutFraction: heldout };
  switch (recipe) {
    case 'pretrain': {
      const { examples, report } = await read(file, loadTexts(file));
      return { data: { recipe, texts: examples }, report };
    }
    case 'sft': {
      const { examples, report } = await read(file, loadSftExamples(file, split));
      return { data: { recipe, examples }, report };
    }
    case 'reward': {
      const { examples, report } = await read(file, loadPreferences(file, split));
      return { data: { recipe, examples }, report };
    }
    case 'ppo': {
      const { examples, report } = await read(file, loadPrompts(file));
      const cut = Math.min(MOST_EVAL_PROMPTS, Math.floor(examples.length / 5));
      return { data: { recipe, prompts: examples.slice(cut), evalPrompts: examples.slice(0, cut) }, report };
    }
  }
}

async function read<Example>(file: string, loading: Promise<Loaded<Example>>): Promise<Loaded<Example>> {
  let loaded: Loaded<Example>;
  try {
    loaded = await loading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new UsageError(`--data ${file}: there is no such file`, { cause: error });
    }
    throw error;
  }
  if (loaded.examples.length === 0) {
    const { read: numRead, rejected } = loaded.report;
    const counts = Object.entries(rejected).map(([reason, count]) => `${reason} ${count}`);
    const first = loaded.report.examples.map((row) => `line ${row.line}: ${row.reason}: ${row.detail}`);
    const why = counts.length > 0 ? ` (${counts.join(', ')}); the first:` : '';
    throw new UsageError(
      [`--data ${file}: none of ${numRead} rows can be used${why}`, ...first].join('\n  '),
    );
  }
  return loaded;
}

async function toyData(
  options: TrainOptions,
  { rows, seed, progress, signal }: { rows: number; seed: number; progress: Progress; signal: AbortSignal },
): Promise<RecipeData> {
  const { recipe } = options;
  switch (recipe) {
    case 'pretrain':
      return { recipe, texts: toyTexts(rows, seed) };
    case 'sft':
      return { recipe, examples: toySftExamples(rows, seed) };
    case 'ppo':
      return {
        recipe,
        prompts: toyPrompts(rows, { seed, split: 'train' }),
        evalPrompts: toyPrompts(MOST_EVAL_PROMPTS, { seed, split: 'heldout' }),
      };
    case 'reward': {
      const { model } = options;
      if (model === null)
        throw new UsageError('--model is missing: toy comparisons are sampled from a model');
      const prompts = [
        ...toyPrompts(Math.round(rows * 0.8), { seed, split: 'train' }),
        ...toyPrompts(rows - Math.round(rows * 0.8), { seed, split: 'heldout' }),
      ];
      progress.start('sample', prompts.length);
      const { responses } = await sampleResponses({
        modelFolder: model,
        prompts,
        perPrompt: TOY_RESPONSES_PER_PROMPT,
        maxNewTokens: TOY_RESPONSE_TOKENS,
        temperature: 1,
        seed,
        backend: options.backend,
        signal,
        onProgress: (done) => progress.update(done, 'answers to be judged'),
      });
      progress.stop();
      const annotator = simulatedAnnotator({
        skill: options.toySkill,
        biasToLength: options.toyLengthBias,
        seed,
      });
      const tasks = responses.map((texts, i) => ({ prompt: prompts[i]?.prompt ?? [], responses: texts }));
      return { recipe, examples: toyComparisons(tasks, annotator) };
    }
  }
}
