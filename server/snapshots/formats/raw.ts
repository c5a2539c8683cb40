import type { FormatDefinition } from './format.ts';

const FILE = 'raw.jsonl';

export const raw: FormatDefinition = {
  title: 'Raw judgments',
  caption: 'everything that was recorded, one judgment a line',
  readAs: 'raw',
  passes: 1,
  files: [{ name: FILE, split: 'train' }],
  explanation: [
    'Each line is one judgment: the responses, the order shown, the ranking with ties, times, and the hash of its audit event.',
    'Behind those that count come those that were recorded and do not: left_out says "superseded" (the person corrected it) or "not-rankable".',
  ],
  // the lines as they stand in the snapshot, which wrote them in this very form
  render: async function* render(_rows, { lines, leftOutLines }) {
    for await (const line of lines()) yield { file: FILE, line, rows: 1 };
    for await (const line of leftOutLines()) yield { file: FILE, line, rows: 1 };
  },
};
