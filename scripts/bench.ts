/**
 * `npm run bench`: how fast this machine trains and generates, on each backend; with --peer beside what people use today
 * (torch, transformers, TRL in a Python of their own), as ratios on the same work in one go.
 * Options: --only text (works whose name holds it), --rounds n (5), --json file, --peer, --backend name, --model folder
 * (the 135M model), --docs file.json (writes the results kept in that file into docs/benchmarks.md and measures nothing).
 * Ctrl-C ends it and keeps the rows that are done.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureBackends } from './bench/backend-speed.ts';
import { compareWithPeers } from './bench/compare-with-peers.ts';
import { resultsMarkdown } from './bench/format-results.ts';
import { replaceResults } from './bench/replace-results.ts';
import { resultsSchema } from './bench/row.ts';
import { WORKS } from './bench/works.ts';
import { findPython } from './python/find-python.ts';

const DOCUMENT = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));

try {
  await main();
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode ??= 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
      peer: { type: 'boolean', default: false },
      backend: { type: 'string' },
      model: { type: 'string' },
      docs: { type: 'string' },
    },
  });
  const { only, json } = values;
  if (values.docs) {
    const results = resultsSchema.parse(JSON.parse(readFileSync(values.docs, 'utf8')));
    writeFileSync(DOCUMENT, replaceResults(readFileSync(DOCUMENT, 'utf8'), resultsMarkdown(results)));
    return;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds is ${values.rounds}, expected 1 or more`);
  const save = (value: unknown): void => {
    if (json) writeFileSync(json, `${JSON.stringify(value, null, 2)}\n`);
  };
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) {
    process.once(name, () => {
      stop.abort(new Error('interrupted'));
      process.exitCode = 130;
    });
  }

  if (!values.peer) {
    const machine = { processor: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
    await measureBackends({
      ...{ only, rounds, signal: stop.signal },
      onResults: (results) => save({ machine, results }),
    });
    return;
  }
  const python = findPython();
  if (!python)
    throw new Error(
      'the peers need Python with torch and TRL: npm run python -- --peers, or PLUMBLINE_PYTHON',
    );
  const works = WORKS.filter(({ name }) => name.includes(only));
  if (works.length === 0)
    throw new Error(`--only ${only}: expected part of one of: ${WORKS.map(({ name }) => name).join('; ')}`);
  const { rows, failed } = await compareWithPeers({
    ...{ works, rounds, python, backend: values.backend, model: values.model, signal: stop.signal },
    command: `npm run bench -- --peer --rounds ${rounds}${only === '' ? '' : ` --only "${only}"`}`,
    onRows: save,
  });
  if (stop.signal.aborted)
    console.error(`interrupted: ${rows.length} rows are done${json ? ` and kept in ${json}` : ''}`);
  if (failed.length > 0) process.exitCode = 1;
}
