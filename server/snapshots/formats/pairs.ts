import { sameMessages } from '../../../lib/formats/messages.ts';
import type { Message, ParsedRow, PreferenceRow } from '../../../lib/formats/parsed-row.ts';
import { type Comparison, comparisonsOf } from '../comparisons.ts';
import { isAllTied } from '../raw-row.ts';
import { authorOf, type Details, detailsOf, noteUsed, onlyUsed } from './details.ts';
import type { Piece, RowSource } from './format.ts';

/** What a format makes of a pair: columns with values, or the reason why it cannot say it. */
export type Columns = Record<string, string | number | Message[]>;

export type PairFormat = {
  /** The columns of a pair. `exact` = with the column that lets the prompt be read literally, where the format has one. */
  columnsOf: (pair: Comparison, isExact: boolean) => Columns | string;
  /** our own importer of the format: what it reads must be the pair that was written */
  read: (columns: Columns) => ParsedRow<Pick<PreferenceRow, 'prompt' | 'chosen' | 'rejected' | 'margin'>>;
  /** does the format say the margin */
  hasMargin: boolean;
  /** may rows carry more columns than the format names */
  hasDetails: boolean;
};

export type PairRow = { pair: Comparison; columns: Columns; details: Details };

/**
 * The pairs of a snapshot in a format, each with its columns. Reads the snapshot twice: first to see which columns are
 * needed at all. A pair that our importer would not read back as it is, is left out with the reason.
 */
export async function* pairRows(
  rows: RowSource,
  format: PairFormat,
): AsyncGenerator<PairRow | { leftOut: string } | { needed: { details: string[]; isExact: boolean } }> {
  const used = new Set<string>();
  let names: string[] = [];
  let isExact = false;
  let isAllRead = true;
  for await (const row of rows()) {
    if (isAllTied(row)) continue;
    for (const pair of comparisonsOf(row)) {
      const details = detailsOfPair(pair);
      if (format.hasDetails) noteUsed(details, used);
      names = Object.keys(details);
      if (isExact || problemOf(pair, false, format) === null) continue;
      isAllRead = false;
      isExact = problemOf(pair, true, format) === null;
    }
  }
  // in the order in which a row's details come, not in that in which they were met
  yield { needed: { details: names.filter((name) => used.has(name)), isExact } };
  for await (const row of rows()) {
    if (isAllTied(row)) {
      yield { leftOut: row.responses.length === 1 ? 'single-answer' : 'all-tied' };
      continue;
    }
    for (const pair of comparisonsOf(row)) {
      // what was found to be read back in the first pass is, byte for byte, what is written now
      const problem = isAllRead ? null : problemOf(pair, isExact, format);
      const columns = format.columnsOf(pair, isExact);
      if (problem !== null) yield { leftOut: problem };
      else if (typeof columns !== 'string')
        yield { pair, columns, details: onlyUsed(detailsOfPair(pair), used) };
    }
  }
}

/** One JSON object a line, in the file of the prompt's split. */
export function renderJsonl(format: PairFormat): (rows: RowSource) => AsyncGenerator<Piece> {
  return async function* render(rows) {
    for await (const entry of pairRows(rows, format)) {
      if ('leftOut' in entry) yield entry;
      else if ('pair' in entry) {
        const { pair, columns, details } = entry;
        const line = JSON.stringify({ ...columns, ...details });
        yield { file: `${pair.row.split}.jsonl`, line, rows: 1 };
      }
    }
  };
}

function detailsOfPair({ row, chosenId, rejectedId }: Comparison): Details {
  return {
    ...detailsOf(row),
    ...authorOf(row, chosenId, 'chosen'),
    ...authorOf(row, rejectedId, 'rejected'),
  };
}

/** Why a pair cannot be said, or would not be read again as it is; null when it can. */
function problemOf(
  pair: Comparison,
  isExact: boolean,
  { columnsOf, read, hasMargin }: PairFormat,
): string | null {
  const columns = columnsOf(pair, isExact);
  if (typeof columns === 'string') return columns;
  const parsed = read(columns);
  if (!parsed.ok) return parsed.reason;
  const { prompt, chosen, rejected, margin } = parsed.row;
  const isSame =
    sameMessages(prompt, pair.prompt) &&
    chosen.text === pair.chosen &&
    rejected.text === pair.rejected &&
    (!hasMargin || margin === pair.margin);
  return isSame ? null : 'reads-as-another-prompt';
}
