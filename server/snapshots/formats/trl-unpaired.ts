import { standardPrompt } from '../../../lib/formats/exact-pair.ts';
import { unpairedLabels } from '../../../lib/unpaired-labels.ts';
import type { RawRow } from '../raw-row.ts';
import { authorOf, DETAILS_EXPLAINED, type Details, detailsOf, noteUsed, onlyUsed } from './details.ts';
import { type FormatDefinition, SPLIT_FILES } from './format.ts';

/** Source: trl docs/source/dataset_formats.md, "unpaired preference", standard: what KTO and BCO train on. */
export const trlUnpaired: FormatDefinition = {
  title: 'TRL, unpaired (KTO)',
  caption: '"prompt", "completion", "label": true for a good answer',
  readAs: null,
  files: SPLIT_FILES,
  explanation: [
    'Each row is one response. true: of the best group of a ranking, or of a tie where both are good; false: of the last group, of a tie where both are bad, or flagged as harmful or untrue.',
    'Responses in the middle of a ranking and of plain ties are not in it.',
    'A prompt of several messages is a transcript ("\\n\\nHuman: ...\\n\\nAssistant:"), and the completion carries the space after the colon.',
    DETAILS_EXPLAINED,
  ],
  render: async function* render(rows) {
    const used = new Set<string>();
    for await (const row of rows()) {
      for (const { responseId } of labelsOf(row).labels) noteUsed(detailsOfResponse(row, responseId), used);
    }
    for await (const row of rows()) {
      const texts = new Map(row.responses.map((response) => [response.response_id, response.text]));
      const { labels, leftOut } = labelsOf(row);
      for (const reason of leftOut) yield { leftOut: reason };
      const { prompt, separator } = standardPrompt(row.prompt);
      for (const { responseId, label } of labels) {
        const text = texts.get(responseId) ?? '';
        if (text.trim() === '') {
          yield { leftOut: 'empty-answer' };
          continue;
        }
        const completion = `${separator}${text}`;
        const details = onlyUsed(detailsOfResponse(row, responseId), used);
        const line = JSON.stringify({ prompt, completion, label, ...details });
        yield { file: `${row.split}.jsonl`, line, rows: 1 };
      }
    }
  },
};

function labelsOf(row: RawRow) {
  return unpairedLabels({ ranking: row.ranking, tieKind: row.tie_kind, flags: row.flags });
}

function detailsOfResponse(row: RawRow, responseId: string): Details {
  return { ...detailsOf(row), ...authorOf(row, responseId, 'completion') };
}
