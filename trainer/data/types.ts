/** Rows that recipes train on. Parsers of files and the job handlers produce these; recipes never read files of rows. */

export type Message = { role: 'system' | 'user' | 'assistant'; content: string };

/** 'train' is fitted, 'heldout' is only measured. Decided by content hash of the prompt (split-by-prompt.ts). */
export type Split = 'train' | 'heldout';

/** Plain text for language-model pretraining. */
export type TextExample = { text: string };

/** A prompt and the answer to imitate. */
export type SftExample = {
  prompt: Message[];
  completion: string;
  split: Split;
  /** where it came from, for messages: file and line, or the judgment */
  at?: string;
};

/**
 * One judged task: K responses to one prompt. `ranks[i]` is the place of response i, 0 = best, equal numbers = tie.
 * A pair is the case K = 2. All C(K,2) pairs of one example go into one batch element (training.md R4).
 */
export type RankedExample = {
  id: string;
  prompt: Message[];
  responses: string[];
  ranks: number[];
  /** margin m of -log sigmoid(delta - m) for pairs of this example (training.md R2); 0 when unknown */
  margin: number;
  split: Split;
  at?: string;
};

/** A ranked example with what else is known of it, by which a report may slice. */
export type DescribedExample = RankedExample & {
  /** how much better the better answer was said to be, 0 to 3 */
  strength: number | null;
  annotator: string | null;
  tags: readonly string[];
  /** other columns of the row as they came */
  metadata: Readonly<Record<string, unknown>>;
};

/** An answer with a label of its own: desirable or not, beside no other. */
export type UnpairedExample = {
  id: string;
  /** where it came from, for messages; not part of the data's hash */
  at?: string;
  prompt: Message[];
  completion: string;
  isDesirable: boolean;
  split: Split;
};

/** A prompt to sample from. */
export type PromptExample = { id: string; prompt: Message[]; at?: string };

export type RewardFunction = (prompt: Message[], response: string) => number;

/** A reward that needs no model: that of the toy world by its name, so that a task stays plain data, or any function. */
export type KnownReward = 'toy-world' | RewardFunction;

/** What a run trains on, by kind. A recipe takes one kind; whoever starts runs makes any of them. */
export type DataOf = {
  texts: { texts: TextExample[] };
  demonstrations: { examples: SftExample[] };
  rankings: {
    examples: RankedExample[];
    /** prompts of the training side, for recipes that sample answers beside the ranked ones; may be empty */
    referencePrompts: PromptExample[];
  };
  unpaired: { examples: UnpairedExample[] };
  prompts: {
    prompts: PromptExample[];
    /** measured before, during and after; may be empty */
    evalPrompts: PromptExample[];
    /** what is maximised; `model` is that of the task's folders */
    score: 'model' | KnownReward;
    /** what the score stands for, where the world can compute it: only measured, never trained on */
    trueReward: KnownReward | null;
  };
};
export type DataKind = keyof DataOf;
