import type { ExportFormat } from '../../db/schema/snapshots.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { type Comparison, comparisonsOf } from './comparisons.ts';
import { isAllTied, type RawRow } from './raw-row.ts';
import { transcriptOf, transcriptProblem } from './transcript.ts';

/** What a format makes of one judgment: lines with the file they go to, and what it could not say, by reason. */
export type Rendered = { lines: { file: string; text: string }[]; notExported: string[] };

export type FormatWriter = {
  /** every file, also when it stays empty; with its first line where the format has one */
  files: { name: string; header?: string }[];
  render: (row: RawRow) => Rendered;
};

/** Export formats as pure functions of the raw row. Train and held-out prompts go to files of their own. */
export const formatWriters: Record<ExportFormat, FormatWriter> = {
  trl: jsonlPairs((pair) => {
    const [only, ...more] = pair.prompt;
    if (only?.role === 'user' && more.length === 0) {
      return { prompt: only.content, chosen: pair.chosen, rejected: pair.rejected, margin: pair.margin };
    }
    // more than one turn: the prompt is a transcript, and the answers carry the space after the colon
    const problem = problemOf(pair);
    if (problem !== null) return problem;
    const { chosen, rejected, margin } = pair;
    return { prompt: transcriptOf(pair.prompt), chosen: ` ${chosen}`, rejected: ` ${rejected}`, margin };
  }),
  'trl-implicit': jsonlPairs((pair) => {
    const problem = problemOf(pair);
    return problem ?? { ...transcripts(pair), margin: pair.margin };
  }),
  'trl-conversational': jsonlPairs((pair) => ({
    prompt: pair.prompt,
    chosen: [{ role: 'assistant', content: pair.chosen }],
    rejected: [{ role: 'assistant', content: pair.rejected }],
    margin: pair.margin,
  })),
  'hh-rlhf': jsonlPairs((pair) => problemOf(pair) ?? transcripts(pair)),
  raw: {
    files: [{ name: 'raw.jsonl' }],
    render: (row) => ({ lines: [{ file: 'raw.jsonl', text: canonicalJson(row) }], notExported: [] }),
  },
  csv: {
    files: [
      {
        name: 'comparisons.csv',
        header: 'prompt,chosen,rejected,margin,split,source,annotator,judgment_id,comparison_id',
      },
    ],
    render: (row) => {
      if (isAllTied(row)) return { lines: [], notExported: ['all-tied'] };
      const lines = comparisonsOf(row).map((pair) => {
        const [only, ...more] = pair.prompt;
        const prompt = more.length === 0 ? (only?.content ?? '') : transcriptOf(pair.prompt);
        const fields = [prompt, pair.chosen, pair.rejected, String(pair.margin), row.split, row.source];
        const who = [row.annotator_pseudonym ?? '', row.judgment_id, row.comparison_id];
        return { file: 'comparisons.csv', text: [...fields, ...who].map(csvField).join(',') };
      });
      return { lines, notExported: [] };
    },
  },
};

/** One JSON object a line for each comparison; a text instead of an object says why there is none. */
function jsonlPairs(toRow: (pair: Comparison) => Record<string, unknown> | string): FormatWriter {
  return {
    files: [{ name: 'train.jsonl' }, { name: 'heldout.jsonl' }],
    render: (row) => {
      if (isAllTied(row)) return { lines: [], notExported: ['all-tied'] };
      const rendered: Rendered = { lines: [], notExported: [] };
      for (const pair of comparisonsOf(row)) {
        const value = toRow(pair);
        if (typeof value === 'string') rendered.notExported.push(value);
        else rendered.lines.push({ file: `${row.split}.jsonl`, text: JSON.stringify(value) });
      }
      return rendered;
    },
  };
}

function problemOf(pair: Comparison): string | null {
  return transcriptProblem(pair.prompt, [pair.chosen, pair.rejected]);
}

function transcripts(pair: Comparison): { chosen: string; rejected: string } {
  const before = transcriptOf(pair.prompt);
  return { chosen: `${before} ${pair.chosen}`, rejected: `${before} ${pair.rejected}` };
}

/** RFC 4180. Every field quoted, so that no text reads as two. */
function csvField(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
