/** Names of the export formats: what the database keeps, requests carry and `npm run export -- --format` takes. */
export const EXPORT_FORMATS = [
  'trl',
  'trl-implicit',
  'trl-conversational',
  'trl-unpaired',
  'hh-rlhf',
  'raw',
  'csv',
] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
