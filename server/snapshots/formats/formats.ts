import type { ExportFormat } from '../../../lib/export-formats.ts';
import { csv } from './csv.ts';
import type { FormatDefinition } from './format.ts';
import { hhRlhf } from './hh-rlhf.ts';
import { raw } from './raw.ts';
import { trl } from './trl.ts';
import { trlConversational } from './trl-conversational.ts';
import { trlImplicit } from './trl-implicit.ts';
import { trlUnpaired } from './trl-unpaired.ts';

/** Every export format. Page, command line, dataset card and tests read this table. */
export const exportFormats = {
  trl,
  'trl-implicit': trlImplicit,
  'trl-conversational': trlConversational,
  'trl-unpaired': trlUnpaired,
  'hh-rlhf': hhRlhf,
  raw,
  csv,
} as const satisfies Record<ExportFormat, FormatDefinition>;
