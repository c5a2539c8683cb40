/** What every row parser answers: a row, or why there is none. Nothing is dropped without one of these reasons. */

export type Message = { role: 'system' | 'user' | 'assistant'; content: string };

export const REASON_CODES = [
  'line-too-long',
  'invalid-utf8',
  'malformed-json',
  'malformed-csv',
  'malformed-text',
  'unreadable-rest',
  'wrong-columns',
  'details-too-large',
  'unsupported-message',
  'bad-transcript',
  'empty-prompt',
  'empty-answer',
  'identical-pair',
  'prompts-differ',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export type ParsedRow<Row> = { ok: true; row: Row } | { ok: false; reason: ReasonCode; detail: string };

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What a file says of a row besides its texts. */
export type RowFacts = {
  /** the row's own id in the file it came from */
  externalId: string | null;
  tags: string[];
  /** every column that means nothing else here, as it came */
  metadata: Record<string, JsonValue>;
  /**
   * the side the file puts the row on. Kept and shown, never obeyed: the content hash decides (split-by-prompt.ts), so that
   * a prompt that two files put on different sides is not trained on and measured with.
   */
  split: 'train' | 'heldout' | null;
};

/** An answer with who wrote it, where the file says so. */
export type ParsedResponse = {
  text: string;
  model: string | null;
  sampling: Record<string, JsonValue> | null;
};

/** Who judged a pair and how, where the file says so. */
export type Verdict = {
  annotator: string | null;
  /** UTC ms */
  submittedAt: number | null;
  /** how much better the chosen answer is: 0 (not at all) to 3 */
  strength: 0 | 1 | 2 | 3 | null;
  rationale: string;
  /** other than 'none', neither answer was preferred: "chosen" is only the first one named */
  tie: 'none' | 'equal' | 'both_good' | 'both_bad';
};

/** One comparison: `chosen` was preferred to `rejected` as the answer to `prompt`, or the two tied. */
export type PreferenceRow = RowFacts &
  Verdict & {
    prompt: Message[];
    chosen: ParsedResponse;
    rejected: ParsedResponse;
    /** wanted distance between the scores, 0 when the file does not say */
    margin: number;
  };

/** How a judgment came about, where the file recorded it as this platform does. */
export type Recorded = {
  /** places in `responses`, in the order in which they were shown */
  shownOrder: number[];
  /** UTC ms */
  leasedAt: number;
  firstInteractionAt: number | null;
  activeMs: number;
  inputKind: 'keyboard' | 'pointer' | 'touch' | 'mixed' | 'api';
};

/** One judgment of one to nine answers: a comparison of two, a ranking of more, or a label on a single one. */
export type JudgedRow = RowFacts &
  Verdict & {
    prompt: Message[];
    responses: ParsedResponse[];
    /** groups of places in `responses`, best first; one group = all tied, [] = could not be ranked */
    ranking: number[][];
    /** a single answer has no other to tie with: 'both_good' says that it is good, 'both_bad' that it is not */
    tie: Verdict['tie'];
    margin: number;
    /** flags by place in `responses` */
    flags: Record<number, string[]>;
    /** what is known of the prompt, where that is not what the row says of itself */
    ofPrompt: Pick<RowFacts, 'externalId' | 'tags' | 'metadata'> | null;
    recorded: Recorded | null;
    /** the file says that a correction took its place */
    isSuperseded?: boolean;
  };

/** A prompt, perhaps with answers that nobody has judged yet. */
export type PromptRow = RowFacts & { prompt: Message[]; responses: ParsedResponse[] };

/** A prompt with the answer to imitate. */
export type SftRow = { prompt: Message[]; completion: string };

/** The same with a label of its own: desirable or not; who said so, when and why, where the file tells. */
export type UnpairedRow = SftRow &
  RowFacts &
  Pick<Verdict, 'annotator' | 'submittedAt' | 'rationale'> &
  Pick<ParsedResponse, 'model' | 'sampling'> & { isDesirable: boolean };
