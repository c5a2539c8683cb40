import type { CheckpointOrigin, RegisteredKind } from '../../../db/schema/models.ts';
import type { Message, PromptExample, RankedExample } from '../../../trainer/data/types.ts';
import type { TrainEvent } from '../../../trainer/events.ts';
import type { RecipeTask } from '../../../trainer/recipes/start.ts';

export type GenerateTask = {
  backend: string | null;
  modelFolder: string;
  prompts: { id: string; messages: Message[] }[];
  responsesPerPrompt: number;
  temperature: number;
  maxNewTokens: number;
  seed: number;
};

export type EvaluateTask = { backend: string | null; rewardFolder: string } & (
  | { measure: 'accuracy'; baselineFolder: string | null; examples: RankedExample[] }
  | {
      measure: 'score';
      modelFolder: string;
      baselineFolder: string | null;
      prompts: PromptExample[];
      temperature: number;
      maxNewTokens: number;
      seed: number;
    }
);

export type BenchmarkTask = { backend: string | null; modelFolder: string };

export type InspectTask = {
  folder: string;
  /** null: as its config.json says */
  kind: RegisteredKind | null;
  /** of an adapter */
  baseFolder: string | null;
};

/** What can be said of a model without reading its weights. `parameters` of an adapter are those of its base. */
export type Inspection = { kind: RegisteredKind; architecture: string; parameters: number };

export type TryTask = {
  backend: string | null;
  /** the model, or the base that an adapter goes on */
  modelFolder: string;
  merge: { adapterFolder: string; out: string } | null;
};

/** Conversations that end with the answer to be scored. */
export type ScoreTask = { backend: string | null; modelFolder: string; conversations: Message[][] };

/** What a model gave. */
export type Trial = {
  modelKind: 'language-model' | 'reward-model';
  architecture: string;
  parameters: number;
  sample: CheckpointOrigin['sample'];
};

/** Figures of this machine, from the bundled model. */
export type Benchmark = {
  backend: string;
  numParameters: number;
  /** tokens per second through forward, backward and AdamW */
  trainTokensPerSecond: number;
  /** new tokens per second at batch 32 */
  generateTokensPerSecond: number;
};

export type ProcessTask =
  | { kind: 'recipe'; task: RecipeTask }
  | { kind: 'generate'; task: GenerateTask }
  | { kind: 'evaluate'; task: EvaluateTask }
  | { kind: 'inspect'; task: InspectTask }
  | { kind: 'try'; task: TryTask }
  | { kind: 'score'; task: ScoreTask }
  | { kind: 'benchmark'; task: BenchmarkTask };

export type GeneratedResponse = { promptId: string; content: string; seed: number; ended: boolean };

/** Some of the responses; before the first, perhaps which prompts get none. */
export type GeneratedBatch = {
  responses: GeneratedResponse[];
  /** prompts that the model's chat template refuses */
  refused: { count: number; notice: string } | null;
};

/** From the process. After each message but the last it waits for a reply before it goes on. */
export type ProcessMessage =
  | { type: 'event'; event: TrainEvent }
  | ({ type: 'responses' } & GeneratedBatch)
  | { type: 'progress' }
  | { type: 'figures'; figures: Record<string, number> }
  | { type: 'inspected'; inspection: Inspection }
  | { type: 'tried'; trial: Trial }
  | { type: 'scores'; scores: number[] }
  | { type: 'benchmark'; benchmark: Benchmark }
  | { type: 'error'; message: string; stack: string | undefined; code: string | undefined }
  | { type: 'end' };

/** To the process: go on, or (abort) end the step, write a checkpoint and stop. */
export type ProcessReply = { abort: boolean };
