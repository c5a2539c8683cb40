import type { Results, Row } from './row.ts';

/** From this share of the cores on, a ratio says more about the other processes than about the two sides. */
const BUSY = 0.1;

/** One row for the terminal. */
export function formatRow(row: Row): string {
  const { work, variant, ours, peer, peerName, setting, unit, ratio, low, high, lossesAgree } = row;
  const named = variant === 'at its best' && setting !== 'as installed' ? `${variant}, ${setting}` : variant;
  const verdict = lossesAgree
    ? `ratio ${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
    : `does not count: ${disagreement(row)}`;
  return `${work.padEnd(37)} ${shown(ours).padStart(7)} : ${shown(peer).padStart(7)} ${unit.padEnd(8)}  ${verdict}  ${peerName} ${named}${busy(row)}`;
}

/** The part of docs/benchmarks.md that is made from a result file. */
export function resultsMarkdown(results: Results): string {
  const { machine, versions, backend, command, date, rows, failed, matmulErrors } = results;
  const works = [...new Set(rows.map(({ work }) => work))];
  const find = (work: string, variant: Row['variant']) =>
    rows.find((row) => row.work === work && row.variant === variant);
  const lines = works.map((work) => {
    const installed = find(work, 'as installed');
    const best = find(work, 'at its best');
    const any = (best ?? installed) as Row;
    const agreement = any.lossesAgree ? `yes, ${exponential(any)}` : `**no**, ${exponential(any)}`;
    return `| ${work} | ${any.peerName} | ${shown(any.ours)} ${any.unit} | ${cell(installed)} | ${cell(best)} | ${best?.setting ?? ''} | ${agreement} |`;
  });
  const listed = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const errors = Object.entries(matmulErrors).map(([name, error]) => `${name} ${error.toExponential(1)}`);
  const notes = [...new Set(rows.map(({ note }) => note).filter((note) => note !== ''))];
  const numRounds = [...new Set(rows.map(({ rounds }) => rounds))].join(' and ');
  return [
    `\`${command}\`, ${date}: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; our backend`,
    `${backend}; ${listed.join(', ')}. Rounds: ${numRounds}.`,
    '',
    '| work | peer | ours | peer as installed: figure, ratio | peer at its best: figure, ratio | best setting | losses agree, largest difference |',
    '|---|---|---|---|---|---|---|',
    ...lines,
    '',
    `Error of a float32 matrix product, relative: ${errors.join(', ')}.`,
    ...notes.map((note) => `Note: ${note}.`),
    ...failed.map(({ work, reason }) => `Not measured: ${work}: ${telling(reason)}.`),
  ].join('\n');
}

/** The line of a process's last words that names the error. */
function telling(reason: string): string {
  const lines = reason.split('\n');
  return (lines.findLast((line) => /Error\b/.test(line)) ?? lines.at(-1) ?? '').trim();
}

function cell(row: Row | undefined): string {
  if (!row) return '';
  if (!row.lossesAgree) return `${shown(row.peer)}, does not count`;
  return `${shown(row.peer)}, **${row.ratio.toFixed(2)}** (${row.low.toFixed(2)} to ${row.high.toFixed(2)})${busy(row)}`;
}

/** Says so when others had the machine meanwhile. */
function busy({ others }: Row): string {
  return others !== null && others > BUSY
    ? `; busy machine, others had up to ${Math.round(100 * others)} %`
    : '';
}

function disagreement({ difference, tolerance }: Row): string {
  return `results differ by ${difference?.toExponential(1) ?? 'NaN'}, tolerance ${tolerance.toExponential(1)}`;
}

function exponential({ difference, tolerance }: Row): string {
  return `${difference?.toExponential(1) ?? 'NaN'} of ${tolerance.toExponential(0)}`;
}

function shown(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
