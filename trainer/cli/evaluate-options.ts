import { parseOptions } from './parse-options.ts';
import { numberOption } from './train-options.ts';
import { UsageError } from './usage-error.ts';

export type EvaluateOptions = {
  model: string;
  data: string;
  heldout: number;
  maxLength: number | undefined;
  storeTemperature: boolean;
  backend: string | undefined;
  json: boolean;
};

export const EVALUATE_HELP = `npm run evaluate -- reward --model <folder or hub name> --data <file> [options]

How far a reward model may be believed: accuracy on all held-out pairs beside what length and words alone would give there, with intervals;
where it is good and where not; whether its probabilities are what they say; which judgments it disputes.

Options
  --heldout 0.2          share of prompts that is held out, by content: the one that the model was trained with; 1 = measure on all of them
  --max-length n         tokens of prompt and answer, a longer prompt loses its start; by default all that the model takes
  --store-temperature    write the fitted temperature into the model's config.json
  --backend name         cuda, native, simd or cpu; left out, PLUMBLINE_BACKEND, else the best of the first three that is here
  --json                 print one JSON object, last, on standard output
`;

/** Reads `reward --option value ...`. Throws UsageError naming the option and what was expected. */
export function parseEvaluateOptions(argv: readonly string[]): EvaluateOptions {
  const { values, positionals } = parseOptions(argv, {
    model: { type: 'string' },
    data: { type: 'string' },
    heldout: { type: 'string' },
    'max-length': { type: 'string' },
    'store-temperature': { type: 'boolean' },
    backend: { type: 'string' },
    json: { type: 'boolean' },
  });
  const [what, ...rest] = positionals;
  if (what !== 'reward')
    throw new UsageError(`${what === undefined ? 'nothing to evaluate' : `"${what}"`}; expected: reward`);
  if (rest.length > 0) throw new UsageError(`unexpected "${rest[0]}"; options begin with --`);
  if (values.model === undefined) throw new UsageError('--model is missing: the folder of a reward model');
  if (values.data === undefined) throw new UsageError('--data is missing: a file of preferences');
  const maxLength = values['max-length'];
  return {
    model: values.model,
    data: values.data,
    heldout: numberOption('heldout', values.heldout ?? '0.2', { min: 0, max: 1 }),
    maxLength:
      maxLength === undefined
        ? undefined
        : numberOption('max-length', maxLength, { min: 8, max: 1e6, whole: true }),
    storeTemperature: values['store-temperature'] ?? false,
    backend: values.backend,
    json: values.json ?? false,
  };
}
