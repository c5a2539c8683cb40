import { writeImplicit } from '../../../lib/formats/exact-pair.ts';
import { parseTrlRow } from '../../../lib/formats/trl.ts';
import { DETAILS_EXPLAINED } from './details.ts';
import { type FormatDefinition, MARGIN_EXPLAINED, PAIRS_EXPLAINED, SPLIT_FILES } from './format.ts';
import { renderJsonl } from './pairs.ts';

/** Source: trl docs/source/dataset_formats.md, "standard", implicit prompt: what RewardTrainer recommends. */
export const trlImplicit: FormatDefinition = {
  title: 'TRL, implicit prompt',
  caption: 'whole transcripts in "chosen" and "rejected", "margin"',
  readAs: 'trl-preference',
  passes: 2,
  files: SPLIT_FILES,
  explanation: [
    PAIRS_EXPLAINED,
    MARGIN_EXPLAINED,
    'prompt_messages, where it is there, is the prompt as messages (JSON): importers read that.',
    DETAILS_EXPLAINED,
  ],
  render: renderJsonl({
    columnsOf: (pair, isExact) => ({ ...writeImplicit(pair, isExact), margin: pair.margin }),
    read: parseTrlRow,
    hasMargin: true,
    hasDetails: true,
  }),
};
