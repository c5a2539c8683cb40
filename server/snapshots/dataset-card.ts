import type { ExportFormat } from '../../lib/export-formats.ts';
import { exportFormats } from './formats/formats.ts';
import type { Manifest } from './manifest.ts';

/** README.md of an export: a Hugging Face dataset card from the same numbers as the manifest. */
export function datasetCard(card: {
  format: ExportFormat;
  number: number;
  counts: Manifest['counts'];
  createdAt: number;
}): string {
  const { format, number, counts } = card;
  const { title, caption, readAs, files, explanation } = exportFormats[format];
  const sources = Object.entries(counts.by_source).sort();
  const simulated = counts.by_source.simulated ?? 0;
  const imported = counts.by_source.imported ?? 0;
  const people = counts.by_source.annotator ?? 0;
  const creators = [
    ...(people > 0 ? ['crowdsourced'] : []),
    ...(imported > 0 ? ['found'] : []),
    ...(simulated > 0 ? ['machine-generated'] : []),
  ];
  const yaml = [
    '---',
    `pretty_name: Plumbline snapshot ${number}`,
    `annotations_creators: [${creators.join(', ')}]`,
    `size_categories: [${sizeCategory(counts.rows)}]`,
    `tags: [human-feedback, preference, rlhf, dpo${simulated > 0 ? ', simulated' : ''}]`,
    ...configs(files),
    '---',
  ];
  const warning =
    simulated === 0
      ? []
      : [
          `> **Simulated annotators.** ${simulated} of ${counts.judgments} judgments (source: simulated) come from`,
          '> programs, not from people. Do not report them as human preference.',
          '',
        ];
  return [
    ...yaml,
    '',
    `# Snapshot ${number}`,
    '',
    ...warning,
    `Format: ${title}: ${caption}.`,
    '',
    `Frozen at ${new Date(card.createdAt).toISOString()}. Rows here: ${counts.rows}.`,
    '',
    '| judgments | count |',
    '| --- | --- |',
    ...sources.map(([source, n]) => `| source: ${source} | ${n} |`),
    ...Object.entries(counts.dropped)
      .sort()
      .map(([reason, n]) => `| left out of the snapshot: ${reason} | ${n} |`),
    ...Object.entries(counts.not_exported)
      .sort()
      .map(([reason, n]) => `| not in this format: ${reason} | ${n} |`),
    '',
    ...explanation,
    `Plumbline reads it again with npm run import -- --format ${readAs}.`,
    '',
    'Train and held-out prompts are told apart by a hash of the first user turn: the same opening is always on one side.',
    'Annotators appear by pseudonym. Texts are as they were written and may offend.',
    'npm run verify -- <this folder> --public-key <file> checks it; manifest.json says more.',
    'manifest.json lists every file with its sha256, the query, and what was left out; rows.sha256 has every line.',
  ].join('\n');
}

function configs(files: { name: string; split: string }[]): string[] {
  const lines = files.flatMap(({ name, split }) => [`      - split: ${split}`, `        path: ${name}`]);
  return ['configs:', '  - config_name: default', '    data_files:', ...lines];
}

function sizeCategory(rows: number): string {
  if (rows < 1000) return 'n<1K';
  if (rows < 10_000) return '1K<n<10K';
  if (rows < 100_000) return '10K<n<100K';
  return rows < 1_000_000 ? '100K<n<1M' : '1M<n<10M';
}
