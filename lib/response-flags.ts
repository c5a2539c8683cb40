/** What may be wrong with a response besides its place: what people mark, files say and the database keeps. */
export const RESPONSE_FLAGS = [
  'harmful',
  'untrue',
  'off_topic',
  'bad_language',
  'personal_data',
  'spam',
] as const;
export type ResponseFlag = (typeof RESPONSE_FLAGS)[number];
