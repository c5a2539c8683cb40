import { writeImplicit } from '../../../lib/formats/exact-pair.ts';
import { parseHhRlhfRow } from '../../../lib/formats/hh-rlhf.ts';
import { transcriptProblem } from '../../../lib/formats/transcript.ts';
import { type FormatDefinition, PAIRS_EXPLAINED, SPLIT_FILES } from './format.ts';
import { renderJsonl } from './pairs.ts';

/** Source: anthropics/hh-rlhf README. Two columns and nothing else: what the format has no words for is left out. */
export const hhRlhf: FormatDefinition = {
  title: 'HH-RLHF',
  caption: 'transcripts in "chosen" and "rejected"',
  readAs: 'hh-rlhf',
  passes: 2,
  files: SPLIT_FILES,
  explanation: [
    PAIRS_EXPLAINED,
    'The format knows human and assistant turns only: pairs with a system message, or with a text that looks like a turn, are not in it.',
  ],
  render: renderJsonl({
    columnsOf: (pair) =>
      transcriptProblem(pair.prompt, [pair.chosen, pair.rejected]) ?? writeImplicit(pair, false),
    read: parseHhRlhfRow,
    hasMargin: false,
    hasDetails: false,
  }),
};
