/** Names of the import formats: what the database keeps, requests carry and `npm run import -- --format` takes. */
export const IMPORT_FORMATS = [
  'hh-rlhf',
  'trl-preference',
  'trl-unpaired',
  'side-by-side',
  'ranking',
  'raw',
  'prompts',
  'csv',
] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];
