import { canonicalJson } from '../../../lib/canonical-json.ts';
import type { FormatDefinition } from './format.ts';

export const raw: FormatDefinition = {
  title: 'Raw judgments',
  caption: 'everything that was recorded, one judgment a line',
  readAs: 'raw',
  files: [{ name: 'raw.jsonl', split: 'train' }],
  explanation: [
    'Each line is one judgment: the responses, the order shown, the ranking with ties, times, and the hash of its audit event.',
  ],
  render: async function* render(rows) {
    for await (const row of rows()) yield { file: 'raw.jsonl', line: canonicalJson(row), rows: 1 };
  },
};
