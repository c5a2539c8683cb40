/**
 * `npm run train -- <recipe> ...`, `npm run generate`, `npm run evaluate` and `npm run import-model`: the trainer without the web. The
 * only file of the trainer that prints, and that reads argv.
 *
 * People's lines and progress go to stderr, results to stdout; with --json the last line of stdout is one object.
 * Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted (the checkpoint is written first).
 */
import { EVALUATE_HELP, parseEvaluateOptions } from './cli/evaluate-options.ts';
import { describeRewardReport, evaluateReward } from './cli/evaluate-reward.ts';
import { generateText } from './cli/generate-text.ts';
import { importModel } from './cli/import-model.ts';
import { IMPORT_MODEL_HELP, parseImportModelOptions } from './cli/import-model-options.ts';
import { createProgress } from './cli/progress.ts';
import { summarize } from './cli/summarize.ts';
import { runTrain } from './cli/train.ts';
import { trainHelp } from './cli/train-help.ts';
import { GENERATE_HELP, parseGenerateOptions, parseTrainOptions } from './cli/train-options.ts';
import { UsageError } from './cli/usage-error.ts';

const [command, ...argv] = process.argv.slice(2);
const progress = createProgress(process.stderr);
const interrupt = new AbortController();

process.on('SIGINT', () => stop('SIGINT'));
process.on('SIGTERM', () => stop('SIGTERM'));

function stop(name: string): void {
  if (interrupt.signal.aborted) {
    note('stopped at once');
    process.exit(130);
  }
  interrupt.abort();
  note(`${name}: the running step ends and a checkpoint is written; once more stops at once`);
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function train(): Promise<number> {
  const options = parseTrainOptions(argv);
  const result = await runTrain(options, { progress, note, signal: interrupt.signal });
  if (options.json) print(JSON.stringify(result));
  else print(summarize(result).join('\n'));
  if (!result.stopped) return 0;
  if (!result.resumable) {
    note('Stopped before the first step: nothing was written, the same command starts again.');
    return 130;
  }
  const again = [...argv.filter((word) => word !== '--resume'), '--resume'];
  note(`To go on: npm run train -- ${again.map(quoted).join(' ')}`);
  return 130;
}

async function generate(): Promise<number> {
  const options = parseGenerateOptions(argv);
  const result = await generateText(options, { note, signal: interrupt.signal });
  if (options.json) print(JSON.stringify(result));
  else for (const sample of result.samples) print(sample.text + (sample.ended ? '' : ' …'));
  return 0;
}

async function evaluate(): Promise<number> {
  const options = parseEvaluateOptions(argv);
  const result = await evaluateReward(options, { progress, note, signal: interrupt.signal });
  if (result === null) return 130;
  if (options.json) print(JSON.stringify(result));
  else print(describeRewardReport(result).join('\n'));
  return 0;
}

async function importFolder(): Promise<number> {
  const options = parseImportModelOptions(argv);
  const result = await importModel(options, { note, signal: interrupt.signal });
  if (options.json) print(JSON.stringify(result));
  else print(`${result.out}: a ${result.architecture} of ${result.parameters} parameters`);
  return 0;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

const commands: Record<string, { run: () => Promise<number>; help: string }> = {
  train: { run: train, help: trainHelp() },
  generate: { run: generate, help: GENERATE_HELP },
  evaluate: { run: evaluate, help: EVALUATE_HELP },
  'import-model': { run: importFolder, help: IMPORT_MODEL_HELP },
};
const chosen = commands[command ?? ''];
if (!chosen) {
  note(`unknown command "${command ?? ''}"; expected one of: ${Object.keys(commands).join(', ')}`);
  process.exitCode = 2;
} else if (argv.includes('--help') || argv.includes('-h')) {
  print(chosen.help);
} else {
  try {
    process.exitCode = await chosen.run();
  } catch (error) {
    progress.stop();
    const isUsage = error instanceof UsageError;
    note(error instanceof Error ? error.message : String(error));
    if (!isUsage && error instanceof Error) {
      note(process.env.DEBUG ? (error.stack ?? '') : '(DEBUG=1 shows where this happened)');
    }
    process.exitCode = isUsage ? 2 : 1;
  }
}
