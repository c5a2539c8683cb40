/** The import formats: one entry each, used by page, worker and command line alike. */
import type { ImportFormat } from '../import-formats.ts';
import type { FileForm } from '../rows/find-form.ts';
import type { RowForm } from '../rows/row-form.ts';
import { parseCsvRow } from './csv.ts';
import { parseHhRlhfRow } from './hh-rlhf.ts';
import type { ParsedRow, PreferenceRow, PromptRow } from './parsed-row.ts';
import { parsePromptRow } from './prompts.ts';
import { isRecord } from './read-messages.ts';
import { parseTrlRow } from './trl.ts';

export type ImportRow = ({ kind: 'preference' } & PreferenceRow) | ({ kind: 'prompt' } & PromptRow);

export type ImportFormatDefinition = {
  title: string;
  /** what a row holds, in one line */
  caption: string;
  /** forms its files may have */
  forms: readonly RowForm[];
  /** what becomes of a row: a judged comparison, or a prompt perhaps with answers to be judged */
  rowKinds: readonly ImportRow['kind'][];
  /** does the first row of a file speak for this format; asked in the order of the table */
  recognises: (row: unknown, form: FileForm) => boolean;
  parse: (value: unknown) => ParsedRow<ImportRow>;
};

export const importFormats = {
  csv: {
    title: 'CSV or TSV',
    caption: 'columns prompt, chosen, rejected, or prompt, response_1, response_2, ...',
    forms: ['table'],
    rowKinds: ['preference', 'prompt'],
    recognises: (_, form) => form === 'table',
    parse: parseCsvRow,
  },
  'hh-rlhf': {
    title: 'HH-RLHF transcripts',
    caption: 'chosen and rejected as whole transcripts ("\\n\\nHuman: ...\\n\\nAssistant: ...")',
    forms: ['json', 'table'],
    rowKinds: ['preference'],
    recognises: (row) =>
      isRecord(row) &&
      !('prompt' in row) &&
      [row.chosen, row.rejected].every((side) => typeof side === 'string' && /^\s*Human:/.test(side)),
    parse: (value) => asKind('preference', parseHhRlhfRow(value)),
  },
  'trl-preference': {
    title: 'TRL preferences',
    caption: 'chosen and rejected as text or messages; prompt and margin optional',
    forms: ['json', 'table'],
    rowKinds: ['preference'],
    recognises: (row) => isRecord(row) && 'chosen' in row && 'rejected' in row,
    parse: (value) => asKind('preference', parseTrlRow(value)),
  },
  prompts: {
    title: 'Prompts',
    caption: 'one a line of text, or prompt, messages or turns (MT-Bench); responses optional',
    forms: ['json', 'table', 'text'],
    rowKinds: ['prompt'],
    recognises: (row, form) =>
      form === 'text' || (isRecord(row) && ['prompt', 'messages', 'turns'].some((name) => name in row)),
    parse: (value) => asKind('prompt', parsePromptRow(value)),
  },
} as const satisfies Record<ImportFormat, ImportFormatDefinition>;

function asKind<K extends ImportRow['kind'], Row>(
  kind: K,
  parsed: ParsedRow<Row>,
): ParsedRow<{ kind: K } & Row> {
  return parsed.ok ? { ok: true, row: { kind, ...parsed.row } } : parsed;
}
