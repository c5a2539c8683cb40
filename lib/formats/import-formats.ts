/** The import formats: one entry each, used by page, worker and command line alike. */
import type { ImportFormat } from '../import-formats.ts';
import type { FileForm } from '../rows/find-form.ts';
import type { RowForm } from '../rows/row-form.ts';
import { asJudged, comparisonAsJudged, labelAsJudged } from './as-judged.ts';
import { parseCsvRow } from './csv.ts';
import { parseHhRlhfRow } from './hh-rlhf.ts';
import type { JudgedRow, ParsedRow, PromptRow } from './parsed-row.ts';
import { parsePromptRow } from './prompts.ts';
import { isRankedRow, parseRankedRow } from './ranked.ts';
import { isRawRow, parseRawRow } from './raw.ts';
import { isRecord } from './read-messages.ts';
import { isSideBySideRow, parseSideBySideRow } from './side-by-side.ts';
import { parseTrlRow } from './trl.ts';
import { parseUnpairedRow } from './unpaired.ts';
import type { VerdictScale } from './verdict.ts';

export type ImportRow = ({ kind: 'judged' } & JudgedRow) | ({ kind: 'prompt' } & PromptRow);

export type ImportFormatDefinition = {
  title: string;
  /** what a row holds, in one line */
  caption: string;
  /** forms its files may have */
  forms: readonly RowForm[];
  /** what becomes of a row: a judgment of one or more answers, or a prompt perhaps with answers to be judged */
  rowKinds: readonly ImportRow['kind'][];
  /** does the first row of a file speak for this format; asked in the order of the table */
  recognises: (row: unknown, form: FileForm) => boolean;
  /** `scale`: what numbers in a column of verdicts mean, which no single row tells (verdict.ts) */
  parse: (value: unknown, scale: VerdictScale | null) => ParsedRow<ImportRow>;
};

export const importFormats = {
  csv: {
    title: 'CSV or TSV',
    caption:
      'told by its columns: prompt, chosen, rejected; or response_1, response_2, ...; or any format below',
    forms: ['table'],
    rowKinds: ['judged', 'prompt'],
    recognises: (_, form) => form === 'table',
    parse: parseCsvRow,
  },
  raw: {
    title: 'Raw judgments',
    caption: 'the lossless export of Plumbline, one judgment a line',
    forms: ['json'],
    rowKinds: ['judged'],
    recognises: isRawRow,
    parse: (value) => asJudged(parseRawRow(value), (row) => row),
  },
  'hh-rlhf': {
    title: 'HH-RLHF transcripts',
    caption: 'chosen and rejected as whole transcripts ("\\n\\nHuman: ...\\n\\nAssistant: ...")',
    forms: ['json', 'table'],
    rowKinds: ['judged'],
    recognises: (row) =>
      isRecord(row) &&
      !('prompt' in row) &&
      [row.chosen, row.rejected].every((side) => typeof side === 'string' && /^\s*Human:/.test(side)),
    parse: (value) => asJudged(parseHhRlhfRow(value), comparisonAsJudged),
  },
  'trl-preference': {
    title: 'TRL preferences',
    caption: 'chosen and rejected as text or messages; prompt and margin optional',
    forms: ['json', 'table'],
    rowKinds: ['judged'],
    recognises: (row) => isRecord(row) && 'chosen' in row && 'rejected' in row,
    parse: (value) => asJudged(parseTrlRow(value), comparisonAsJudged),
  },
  'trl-unpaired': {
    title: 'Labelled answers (TRL, unpaired)',
    caption: 'prompt, completion and label: true for a good answer; what KTO learns from',
    forms: ['json', 'table'],
    rowKinds: ['judged'],
    recognises: (row) => isRecord(row) && 'label' in row && ('completion' in row || 'messages' in row),
    parse: (value) => asJudged(parseUnpairedRow(value), labelAsJudged),
  },
  'side-by-side': {
    title: 'Two answers and a verdict',
    caption: 'response_a, response_b (or conversation_a, conversation_b) and winner: a, b, tie, both_bad ...',
    forms: ['json', 'table'],
    rowKinds: ['judged'],
    recognises: isSideBySideRow,
    parse: (value, scale) => asJudged(parseSideBySideRow(value, scale), comparisonAsJudged),
  },
  ranking: {
    title: 'Ranked answers',
    caption: 'prompt, responses and ranks: the place of each answer, least = best, the same number = a tie',
    forms: ['json', 'table'],
    rowKinds: ['judged'],
    recognises: isRankedRow,
    parse: (value) => asJudged(parseRankedRow(value), (row) => row),
  },
  prompts: {
    title: 'Prompts',
    caption: 'one a line of text, or prompt, messages or turns (MT-Bench); responses optional',
    forms: ['json', 'table', 'text'],
    rowKinds: ['prompt'],
    recognises: (row, form) =>
      form === 'text' || (isRecord(row) && ['prompt', 'messages', 'turns'].some((name) => name in row)),
    parse: (value) => {
      const parsed = parsePromptRow(value);
      return parsed.ok ? { ok: true, row: { kind: 'prompt', ...parsed.row } } : parsed;
    },
  },
} as const satisfies Record<ImportFormat, ImportFormatDefinition>;
