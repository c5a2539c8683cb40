/** Where a judgment came from, in words. Simulated annotators are named as such wherever their work shows. */
export const SOURCE_NAMES = {
  annotator: 'people',
  simulated: 'simulated annotators',
  imported: 'imported',
} as const;
export type Source = keyof typeof SOURCE_NAMES;
