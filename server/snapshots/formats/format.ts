import type { ImportFormat } from '../../../lib/import-formats.ts';
import type { RawRow } from '../raw-row.ts';

/**
 * One thing that a format writes or cannot write. `rows` counts the rows of data in it (a header has none). A line gets its
 * newline and a hash of its own; bytes are written as they are.
 */
export type Piece =
  | { file: string; line: string; rows: number }
  | { file: string; bytes: Uint8Array; rows: number }
  | { leftOut: string };

/** The judgments of a snapshot in order; each call reads them anew. */
export type RowSource = () => AsyncIterable<RawRow>;

/** The same as lines of JSON, those that count and those that are set aside with their marks. */
export type LineSource = { lines: () => AsyncIterable<string>; leftOutLines: () => AsyncIterable<string> };

/** An export format: everything that page, command line, dataset card and manifest know of it. */
export type FormatDefinition = {
  /** as a list shows it */
  title: string;
  /** what a row holds, in a phrase */
  caption: string;
  /** the import format that reads it again, to the same prompts and answers */
  readAs: ImportFormat;
  /** how often `render` reads the judgments: so much of the whole is each reading of them */
  passes: number;
  /** every file, also when it stays empty, with the split that a dataset card names it by */
  files: { name: string; split: 'train' | 'test' }[];
  /** sentences for the README of the export */
  explanation: string[];
  /** a pure function of the rows: the same pieces each time. Holds no more than it must. */
  render: (rows: RowSource, source: LineSource) => AsyncIterable<Piece>;
};

/** Train and held-out prompts in files of their own. */
export const SPLIT_FILES: FormatDefinition['files'] = [
  { name: 'train.jsonl', split: 'train' },
  { name: 'heldout.jsonl', split: 'test' },
];

export const PAIRS_EXPLAINED =
  'A ranking gives every pair it decides; judgments without a winner (all tied) give none.';
export const MARGIN_EXPLAINED =
  'margin: the imported one, else a third of the strength (0 to 1); 0 = not known.';
