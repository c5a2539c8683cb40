/**
 * Files into the examples that recipes take. Every row is either used or counted under a reason with its line number.
 * The split is by prompt content (lib/formats/split-by-prompt.ts), so a prompt is never on both sides.
 */
import { createHash } from 'node:crypto';
import type {
  ParsedRow,
  PreferenceRow,
  PromptRow,
  SftRow,
  UnpairedRow,
} from '../../lib/formats/parsed-row.ts';
import { parsePromptRow } from '../../lib/formats/prompts.ts';
import { parseSftRow } from '../../lib/formats/sft.ts';
import { splitByPrompt, splitByRow } from '../../lib/formats/split-by-prompt.ts';
import { parseTrlRow } from '../../lib/formats/trl.ts';
import { parseUnpairedRow } from '../../lib/formats/unpaired.ts';
import type { FileForm } from '../../lib/rows/find-form.ts';
import { readRows } from '../../lib/rows/read-rows.ts';
import type { RowForm } from '../../lib/rows/row-form.ts';
import { UnreadableFile } from '../../lib/rows/unreadable-file.ts';
import type {
  DescribedExample,
  PromptExample,
  RankedExample,
  SftExample,
  TextExample,
  UnpairedExample,
} from './types.ts';

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

/** HH-RLHF, TRL preference rows in all shapes, or a table with prompt, chosen, rejected. A repeated row counts once. */
export async function loadPreferences(
  file: string,
  { heldoutFraction = 0.2 }: { heldoutFraction?: number } = {},
): Promise<Loaded<RankedExample>> {
  return load(
    file,
    preferences(heldoutFraction, (_, example) => example),
  );
}

/** The same with what else the rows say: strength, annotator, tags and other columns. */
export async function loadDescribedPreferences(
  file: string,
  { heldoutFraction = 0.2 }: { heldoutFraction?: number } = {},
): Promise<Loaded<DescribedExample>> {
  return load(
    file,
    preferences(heldoutFraction, ({ strength, annotator, tags, metadata }, example) => ({
      ...example,
      ...{ strength, annotator, tags, metadata },
    })),
  );
}

function preferences<Example>(
  heldoutFraction: number,
  described: (row: PreferenceRow, example: RankedExample) => Example,
): Reading<PreferenceRow, Example> {
  return {
    forms: ['json', 'table'],
    parse: parseTrlRow,
    identity: (row) => [row.prompt, row.chosen.text, row.rejected.text],
    example: (row, id, at) =>
      described(row, {
        id,
        at,
        prompt: row.prompt,
        responses: [row.chosen.text, row.rejected.text],
        ranks: row.tie === 'none' ? [0, 1] : [0, 0],
        margin: row.margin,
        split: splitByRow(row, heldoutFraction),
      }),
  };
}

/** Prompt-completion, messages or Alpaca rows. */
export async function loadSftExamples(
  file: string,
  { heldoutFraction = 0.1 }: { heldoutFraction?: number } = {},
): Promise<Loaded<SftExample>> {
  return load<SftRow, SftExample>(file, {
    forms: ['json', 'table'],
    parse: parseSftRow,
    identity: null, // the same answer given twice is twice as common
    example: (row, _, at) => ({ ...row, at, split: splitByPrompt(row.prompt, heldoutFraction) }),
  });
}

/** Answers with a label each: rows of prompt, completion and label. A repeated row counts once. */
export async function loadUnpaired(
  file: string,
  { heldoutFraction = 0.2 }: { heldoutFraction?: number } = {},
): Promise<Loaded<UnpairedExample>> {
  return load<UnpairedRow, UnpairedExample>(file, {
    forms: ['json', 'table'],
    parse: parseUnpairedRow,
    identity: (row) => [row.prompt, row.completion, row.isDesirable],
    example: ({ prompt, completion, isDesirable, metadata }, id, at) => ({
      id,
      at,
      prompt,
      completion,
      isDesirable,
      split: splitByRow({ prompt, metadata }, heldoutFraction),
    }),
  });
}

/** Lines of text, JSON rows or CSV with prompts; a repeated prompt counts once. */
export async function loadPrompts(file: string): Promise<Loaded<PromptExample>> {
  return load<PromptRow, PromptExample>(file, {
    forms: ['json', 'table', 'text'],
    parse: parsePromptRow,
    identity: (row) => row.prompt,
    example: (row, id, at) => ({ id, prompt: row.prompt, at }),
  });
}

/** `{"text"}` rows, or a text file whose documents are separated by `<|endoftext|>`, else are its lines. */
export async function loadTexts(file: string): Promise<Loaded<TextExample>> {
  const { form, ...lines } = await load<string, TextExample>(file, {
    forms: ['json', 'table', 'text'],
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
  if (form !== 'text') return lines;
  const documents = lines.examples
    .map(({ text }) => text)
    .join('\n')
    .split('<|endoftext|>')
    .map((text) => ({ text: text.trim() }))
    .filter(({ text }) => text !== '');
  return documents.length > 1 ? { ...lines, examples: documents } : lines;
}

type Reading<Row, Example> = {
  forms: readonly RowForm[];
  parse: (value: unknown) => ParsedRow<Row>;
  /** what makes two rows the same; null = repeated rows are all used */
  identity: ((row: Row) => unknown) | null;
  example: (row: Row, id: string, at: string) => Example;
};

async function load<Row, Example>(
  file: string,
  how: Reading<Row, Example>,
): Promise<Loaded<Example> & { form: FileForm | null }> {
  const report: LoadReport = { file, read: 0, used: 0, rejected: {}, examples: [] };
  const reject = (line: number, reason: string, detail: string) => {
    report.rejected[reason] = (report.rejected[reason] ?? 0) + 1;
    if (report.examples.length < SHOWN_REJECTS) report.examples.push({ line, reason, detail });
  };
  const examples: Example[] = [];
  const seen = new Map<string, number>();
  let form: FileForm | null = null;
  for await (const raw of readRows(file, { fileName: file, expected: how.forms })) {
    form = raw.form;
    report.read++;
    if (!('value' in raw)) {
      // half a file would train without a word: the rest is behind what cannot be read
      if (raw.isEnd) throw new UnreadableFile(`line ${raw.number}: ${raw.detail}`);
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
    examples.push(how.example(parsed.row, id, `${file}, line ${raw.number}`));
    report.used++;
  }
  return { examples, report, form };
}
