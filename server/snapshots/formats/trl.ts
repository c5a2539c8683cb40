import { writeExplicit } from '../../../lib/formats/exact-pair.ts';
import { parseTrlRow } from '../../../lib/formats/trl.ts';
import { DETAILS_EXPLAINED } from './details.ts';
import { type FormatDefinition, MARGIN_EXPLAINED, PAIRS_EXPLAINED, SPLIT_FILES } from './format.ts';
import { renderJsonl } from './pairs.ts';

/** Source: trl docs/source/dataset_formats.md, "standard", explicit prompt. */
export const trl: FormatDefinition = {
  title: 'TRL, standard',
  caption: '"prompt", "chosen", "rejected", "margin"',
  readAs: 'trl-preference',
  passes: 2,
  files: SPLIT_FILES,
  explanation: [
    PAIRS_EXPLAINED,
    MARGIN_EXPLAINED,
    'A prompt of several messages is a transcript ("\\n\\nHuman: ...\\n\\nAssistant:"), and the answers carry the space after the colon.',
    'prompt_messages, where it is there, is the prompt as messages (JSON): importers read that.',
    DETAILS_EXPLAINED,
  ],
  render: renderJsonl({
    columnsOf: (pair, isExact) => ({ ...writeExplicit(pair, isExact), margin: pair.margin }),
    read: parseTrlRow,
    hasMargin: true,
    hasDetails: true,
  }),
};
