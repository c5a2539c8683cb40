import { parseCsvRow } from '../../../lib/formats/csv.ts';
import { writeExplicit } from '../../../lib/formats/exact-pair.ts';
import { DETAILS_EXPLAINED } from './details.ts';
import { type FormatDefinition, MARGIN_EXPLAINED, PAIRS_EXPLAINED } from './format.ts';
import { pairRows } from './pairs.ts';

const FILE = 'comparisons.csv';

export const csv: FormatDefinition = {
  title: 'CSV',
  caption: 'one comparison a row, with who judged it',
  readAs: 'csv',
  passes: 2,
  files: [{ name: FILE, split: 'train' }],
  explanation: [
    PAIRS_EXPLAINED,
    MARGIN_EXPLAINED,
    'A prompt of several messages is a transcript ("\\n\\nHuman: ...\\n\\nAssistant:"), and the answers carry the space after the colon.',
    'prompt_messages, where it is there, is the prompt as messages (JSON): importers read that.',
    DETAILS_EXPLAINED,
  ],
  render: async function* render(rows) {
    for await (const entry of pairRows(rows, {
      columnsOf: (pair, isExact) => {
        const { prompt_messages, ...texts } = writeExplicit(pair, isExact);
        const { split, source, annotator_pseudonym, judgment_id, comparison_id } = pair.row;
        return {
          ...texts,
          margin: String(pair.margin),
          ...(prompt_messages !== undefined && { prompt_messages }),
          split,
          source,
          annotator: annotator_pseudonym ?? '',
          judgment_id,
          comparison_id,
        };
      },
      read: (columns) => {
        const parsed = parseCsvRow(columns);
        if (!parsed.ok) return parsed;
        const refused = { ok: false, reason: 'wrong-columns', detail: 'reads as no pair' } as const;
        if (parsed.row.kind !== 'judged') return refused;
        const { prompt, responses, margin } = parsed.row;
        const [chosen, rejected] = responses;
        return chosen && rejected ? { ok: true, row: { prompt, chosen, rejected, margin } } : refused;
      },
      hasMargin: true,
      hasDetails: true,
    })) {
      if ('leftOut' in entry) yield entry;
      else if ('needed' in entry) {
        const { details, isExact } = entry.needed;
        const names = ['prompt', 'chosen', 'rejected', 'margin', ...(isExact ? ['prompt_messages'] : [])];
        const who = ['split', 'source', 'annotator', 'judgment_id', 'comparison_id'];
        const more = details.filter((name) => !who.includes(name));
        yield { file: FILE, line: [...names, ...who, ...more].join(','), rows: 0 };
      } else {
        const fields = Object.values({ ...entry.columns, ...entry.details });
        yield { file: FILE, line: fields.map((field) => quoted(String(field))).join(','), rows: 1 };
      }
    }
  },
};

/** RFC 4180. Every field quoted, so that no text reads as two. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
