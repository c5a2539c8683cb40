import { parseTrlRow } from '../../../lib/formats/trl.ts';
import { DETAILS_EXPLAINED } from './details.ts';
import { type FormatDefinition, MARGIN_EXPLAINED, PAIRS_EXPLAINED, SPLIT_FILES } from './format.ts';
import { renderJsonl } from './pairs.ts';

/** Source: trl docs/source/dataset_formats.md, "conversational", explicit prompt. */
export const trlConversational: FormatDefinition = {
  title: 'TRL, conversational',
  caption: 'lists of messages in "prompt", "chosen", "rejected", and "margin"',
  readAs: 'trl-preference',
  passes: 2,
  files: SPLIT_FILES,
  explanation: [PAIRS_EXPLAINED, MARGIN_EXPLAINED, DETAILS_EXPLAINED],
  render: renderJsonl({
    columnsOf: ({ prompt, chosen, rejected, margin }) => ({
      prompt,
      chosen: [{ role: 'assistant', content: chosen }],
      rejected: [{ role: 'assistant', content: rejected }],
      margin,
    }),
    read: parseTrlRow,
    hasMargin: true,
    hasDetails: true,
  }),
};
