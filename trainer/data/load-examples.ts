/**
 * Files into the examples that recipes take. Every row is either used or counted under a reason with its line number.
 * The split is by prompt content (lib/formats/split-by-prompt.ts), so a prompt is never on both sides.
 */
import { createHash } from 'node:crypto';
import { parseCsvRow } from '../../lib/formats/csv.ts';
import type { ParsedRow, PreferenceRow, PromptRow, SftRow } from '../../lib/formats/parsed-row.ts';
import { parsePromptRow } from '../../lib/formats/prompts.ts';
import { parseSftRow } from '../../lib/formats/sft.ts';
import { splitByPrompt } from '../../lib/formats/split-by-prompt.ts';
import { parseTrlRow } from '../../lib/formats/trl.ts';
import { formOf, readRows } from './read-rows.ts';
import type { PromptExample, RankedExample, SftExample, TextExample } from './types.ts';

export type LoadReport = {
  file: string;
  read: number;
  used: number;
  /** rows left out, by reason */
  rejected: Record<string, number>;
  /** the first few of them */
  examples: { line: number; reason: string; detail: string }[];
};

export type Loaded<Example> = { examples: Example[]; report: LoadReport };

const SHOWN_REJECTS = 5;

/** HH-RLHF, TRL preference rows in all shapes, or CSV with prompt, chosen, rejected. A repeated row counts once. */
export async function loadPreferences(
  file: string,
  { heldoutFraction = 0.2 }: { heldoutFraction?: number } = {},
): Promise<Loaded<RankedExample>> {
  return load<PreferenceRow, RankedExample>(file, {
    parse: (value) => {
      if (formOf(file) !== 'csv') return parseTrlRow(value);
      const parsed = parseCsvRow(value);
      if (!parsed.ok) return parsed;
      return parsed.row.kind === 'preference'
        ? { ok: true, row: parsed.row }
        : { ok: false, reason: 'wrong-columns', detail: 'no columns "chosen" and "rejected"' };
    },
    identity: (row) => [row.prompt, row.chosen.text, row.rejected.text],
    example: (row, id) => ({
      id,
      prompt: row.prompt,
      responses: [row.chosen.text, row.rejected.text],
      ranks: row.tie === 'none' ? [0, 1] : [0, 0],
      margin: row.margin,
      split: splitByPrompt(row.prompt, heldoutFraction),
    }),
  });
}

/** Prompt-completion, messages or Alpaca rows. */
export async function loadSftExamples(
  file: string,
  { heldoutFraction = 0.1 }: { heldoutFraction?: number } = {},
): Promise<Loaded<SftExample>> {
  return load<SftRow, SftExample>(file, {
    parse: parseSftRow,
    identity: null, // the same answer given twice is twice as common
    example: (row) => ({ ...row, split: splitByPrompt(row.prompt, heldoutFraction) }),
  });
}

/** Lines of text, JSON rows or CSV with prompts; a repeated prompt counts once. */
export async function loadPrompts(file: string): Promise<Loaded<PromptExample>> {
  return load<PromptRow, PromptExample>(file, {
    parse: (value) => {
      if (formOf(file) !== 'csv') return parsePromptRow(value);
      const parsed = parseCsvRow(value);
      return parsed.ok ? { ok: true, row: { ...parsed.row, responses: [] } } : parsed;
    },
    identity: (row) => row.prompt,
    example: (row, id) => ({ id, prompt: row.prompt }),
  });
}

/** `{"text"}` rows, or a text file whose documents are separated by `<|endoftext|>`, else are its lines. */
export async function loadTexts(file: string): Promise<Loaded<TextExample>> {
  const lines = await load<string, TextExample>(file, {
    parse: (value) => {
      if (typeof value === 'string') return { ok: true, row: value };
      const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : undefined;
      if (typeof text !== 'string')
        return { ok: false, reason: 'wrong-columns', detail: 'expected {"text": text}' };
      return text.trim() === ''
        ? { ok: false, reason: 'empty-answer', detail: 'the text is empty' }
        : { ok: true, row: text };
    },
    identity: null,
    example: (text) => ({ text }),
  });
  if (formOf(file) !== 'txt') return lines;
  const documents = lines.examples
    .map(({ text }) => text)
    .join('\n')
    .split('<|endoftext|>')
    .map((text) => ({ text: text.trim() }))
    .filter(({ text }) => text !== '');
  return documents.length > 1 ? { ...lines, examples: documents } : lines;
}

async function load<Row, Example>(
  file: string,
  how: {
    parse: (value: unknown) => ParsedRow<Row>;
    /** what makes two rows the same; null = repeated rows are all used */
    identity: ((row: Row) => unknown) | null;
    example: (row: Row, id: string) => Example;
  },
): Promise<Loaded<Example>> {
  const report: LoadReport = { file, read: 0, used: 0, rejected: {}, examples: [] };
  const reject = (line: number, reason: string, detail: string) => {
    report.rejected[reason] = (report.rejected[reason] ?? 0) + 1;
    if (report.examples.length < SHOWN_REJECTS) report.examples.push({ line, reason, detail });
  };
  const examples: Example[] = [];
  const seen = new Map<string, number>();
  for await (const raw of readRows(file)) {
    report.read++;
    if (!('value' in raw)) {
      reject(raw.number, raw.reason, raw.detail);
      continue;
    }
    const parsed = how.parse(raw.value);
    if (!parsed.ok) {
      reject(raw.number, parsed.reason, parsed.detail);
      continue;
    }
    let id = String(raw.number);
    if (how.identity) {
      id = createHash('sha256')
        .update(JSON.stringify(how.identity(parsed.row)))
        .digest('hex')
        .slice(0, 24);
      const first = seen.get(id);
      if (first !== undefined) {
        reject(raw.number, 'duplicate', `the same as line ${first}`);
        continue;
      }
      seen.set(id, raw.number);
    }
    examples.push(how.example(parsed.row, id));
    report.used++;
  }
  return { examples, report };
}
