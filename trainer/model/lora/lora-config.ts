/**
 * Settings of a LoRA adapter (arXiv:2106.09685), read from PEFT's adapter_config.json and written back so that PEFT opens it.
 * A field that asks for something this trainer does not compute is refused by name.
 */
import { z } from 'zod';

export type LoraConfig = {
  rank: number;
  alpha: number;
  /** scales by alpha / sqrt(rank) instead of alpha / rank (arXiv:2312.03732) */
  rankStabilized: boolean;
  /** linear layers by name or by the end of their path; a string is "all-linear" or a pattern for whole paths */
  targetModules: string[] | string;
  /** another rank or alpha for layers whose path ends with a match of the pattern */
  rankPattern: Record<string, number>;
  alphaPattern: Record<string, number>;
  /** modules trained and stored whole, by name or by the end of their path: a new head */
  modulesToSave: string[];
};

/** PEFT's names for what the adapted model does. */
type TaskType = 'CAUSAL_LM' | 'SEQ_CLS';

const rank = z.number().int().positive().max(65_536);
const adapterSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  task_type: z.enum(['CAUSAL_LM', 'SEQ_CLS']).nullish(),
  r: rank,
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().default(false),
  target_modules: z.union([z.array(z.string().min(1)).min(1), z.string().min(1)]),
  rank_pattern: z.record(z.string(), rank).nullish(),
  alpha_pattern: z.record(z.string(), z.number().positive()).nullish(),
  modules_to_save: z.array(z.string().min(1)).nullish(),
  // PiSSA, OLoRA and their like change the base weights when they begin
  init_lora_weights: z.union([z.boolean(), z.literal('gaussian')]).nullish(),
  bias: z.literal('none').default('none'),
});

/** Fields that are read above, or that change nothing in a trained adapter whatever they hold. */
const HARMLESS = new Set([
  ...Object.keys(adapterSchema.shape),
  'auto_mapping',
  'base_model_name_or_path',
  'corda_config',
  'eva_config',
  // follows from the base: true where it has Conv1D layers
  'fan_in_fan_out',
  'inference_mode',
  'layers_pattern',
  'loftq_config',
  'lora_dropout',
  'lora_ga_config',
  'megatron_core',
  'peft_version',
  'qalora_group_size',
  'revision',
  'runtime_config',
]);

/**
 * Reads the parsed JSON of an adapter_config.json. `source` is named in errors.
 * @throws Error that names every field at fault with its value
 */
export function parseLoraConfig(json: unknown, source: string): LoraConfig & { taskType: TaskType | null } {
  const parsed = adapterSchema.safeParse(json);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || '(whole file)'}: ${message}`,
    );
    throw new Error(`${source}: not an adapter this trainer supports: ${reasons.join('; ')}`);
  }
  const fields = parsed.data;
  const unknown = Object.entries(fields).filter(([name, value]) => !HARMLESS.has(name) && !isOff(value));
  if (unknown.length > 0) {
    const named = unknown.map(([name, value]) => `${name} is ${JSON.stringify(value)}`);
    throw new Error(`${source}: not an adapter this trainer supports: ${named.join('; ')}`);
  }
  return {
    rank: fields.r,
    alpha: fields.lora_alpha,
    rankStabilized: fields.use_rslora,
    targetModules: fields.target_modules,
    rankPattern: fields.rank_pattern ?? {},
    alphaPattern: fields.alpha_pattern ?? {},
    modulesToSave: fields.modules_to_save ?? [],
    taskType: fields.task_type ?? null,
  };
}

/** The adapter_config.json of an adapter. */
export function toPeftConfig(
  lora: LoraConfig,
  model: { taskType: TaskType; baseModel: string | null; fanInFanOut: boolean },
): Record<string, unknown> {
  return {
    alpha_pattern: lora.alphaPattern,
    base_model_name_or_path: model.baseModel,
    bias: 'none',
    fan_in_fan_out: model.fanInFanOut,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    modules_to_save: lora.modulesToSave.length > 0 ? lora.modulesToSave : null,
    peft_type: 'LORA',
    r: lora.rank,
    rank_pattern: lora.rankPattern,
    target_modules: lora.targetModules,
    task_type: model.taskType,
    use_dora: false,
    use_rslora: lora.rankStabilized,
  };
}

/** Whether a value asks for nothing: null, false, an empty list or object. */
function isOff(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
