import { writeAnswer } from '../../../lib/formats/exact-pair.ts';
import { sameMessages } from '../../../lib/formats/messages.ts';
import { parseUnpairedRow } from '../../../lib/formats/unpaired.ts';
import { unpairedLabels } from '../../../lib/unpaired-labels.ts';
import type { RawRow } from '../raw-row.ts';
import { authorOf, DETAILS_EXPLAINED, type Details, detailsOf, noteUsed, onlyUsed } from './details.ts';
import { type FormatDefinition, SPLIT_FILES } from './format.ts';

/** Source: trl docs/source/dataset_formats.md, "unpaired preference", standard: what KTO and BCO train on. */
export const trlUnpaired: FormatDefinition = {
  title: 'TRL, unpaired (KTO)',
  caption: '"prompt", "completion", "label": true for a good answer',
  readAs: 'trl-unpaired',
  passes: 2,
  files: SPLIT_FILES,
  explanation: [
    'Each row is one response. true: of the best group of a ranking, or of a tie where both are good; false: of the last group, of a tie where both are bad, or flagged as harmful or untrue.',
    'Responses in the middle of a ranking and of plain ties are not in it.',
    'A prompt of several messages is a transcript ("\\n\\nHuman: ...\\n\\nAssistant:"), and the completion carries the space after the colon.',
    'prompt_messages, where it is there, is the prompt as messages (JSON): importers read that.',
    DETAILS_EXPLAINED,
  ],
  render: async function* render(rows) {
    const used = new Set<string>();
    let isExact = false;
    for await (const row of rows()) {
      for (const { responseId } of labelsOf(row).labels) {
        noteUsed(detailsOfResponse(row, responseId), used);
        isExact ||= problemOf(row, responseId, false) !== null && problemOf(row, responseId, true) === null;
      }
    }
    for await (const row of rows()) {
      const { labels, leftOut } = labelsOf(row);
      for (const reason of leftOut) yield { leftOut: reason };
      for (const { responseId, label } of labels) {
        const problem = problemOf(row, responseId, isExact);
        if (problem !== null) yield { leftOut: problem };
        else {
          const { prompt } = row;
          const columns = writeAnswer({ prompt, completion: textOf(row, responseId) }, isExact);
          const details = onlyUsed(detailsOfResponse(row, responseId), used);
          const line = JSON.stringify({ ...columns, label, ...details });
          yield { file: `${row.split}.jsonl`, line, rows: 1 };
        }
      }
    }
  },
};

/** Why an answer cannot be said, or would not be read again as it is; null when it can. */
function problemOf(row: RawRow, responseId: string, isExact: boolean): string | null {
  const { prompt } = row;
  const completion = textOf(row, responseId);
  const parsed = parseUnpairedRow({ ...writeAnswer({ prompt, completion }, isExact), label: true });
  if (!parsed.ok) return parsed.reason;
  const isSame = sameMessages(parsed.row.prompt, prompt) && parsed.row.completion === completion;
  return isSame ? null : 'reads-as-another-prompt';
}

function textOf(row: RawRow, responseId: string): string {
  return row.responses.find(({ response_id }) => response_id === responseId)?.text ?? '';
}

function labelsOf(row: RawRow) {
  return unpairedLabels({ ranking: row.ranking, tieKind: row.tie_kind, flags: row.flags });
}

function detailsOfResponse(row: RawRow, responseId: string): Details {
  return { ...detailsOf(row), ...authorOf(row, responseId, 'completion') };
}
