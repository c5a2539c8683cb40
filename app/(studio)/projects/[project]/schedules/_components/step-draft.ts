import {
  type FormValues,
  formGroups,
  toConfig,
  toFormValues,
} from '@/app/(studio)/projects/[project]/runs/new/_components/form-groups.ts';
import {
  type ChainStep,
  chainSchema,
  figuresOf,
  type Need,
  needsOf,
  resultOf,
  type Source,
  type StepKind,
  type StepResult,
  stepOptions,
} from '@/server/chains/schemas.ts';
import type { ConfigIssue, RecipeName } from '@/server/runs/schemas.ts';
import { definitionOf } from '@/trainer/config/recipes.ts';

export const JUDGMENT_SOURCES = ['annotator', 'simulated', 'imported'] as const;

export type ConditionDraft = { step: string; figure: string; is: 'above' | 'below'; value: string };

/** A step as the form holds it: everything that was typed, for whichever kind, so that changing the kind loses nothing. */
export type StepDraft = {
  /** for React; a key may be typed anew */
  id: string;
  kind: StepKind;
  key: string;
  when: ConditionDraft[];
  recipe: RecipeName;
  measure: 'accuracy' | 'score';
  judgments: string[];
  numModels: number;
  /** by the path of the field: "model:mdl_1", "step:reward", or "" for none */
  sources: Record<string, string>;
  values: FormValues;
};

/** Fields made from a schema: a recipe's config, or a step's own options. */
export function groupsOf({ kind, recipe, measure }: Pick<StepDraft, 'kind' | 'recipe' | 'measure'>) {
  if (kind === 'train') return formGroups(definitionOf(recipe).schema);
  if (kind === 'generate') return formGroups(stepOptions.generate);
  return kind === 'evaluate' && measure === 'score' ? formGroups(stepOptions.evaluate) : [];
}

/** A new step. `key` is made unlike those of the others. */
export function newDraft(
  kind: StepKind,
  others: readonly StepDraft[],
  recipe: RecipeName = 'reward',
): StepDraft {
  const wanted = kind === 'train' ? recipe : kind;
  const taken = new Set(others.map(({ key }) => key));
  let key: string = wanted;
  for (let n = 2; taken.has(key); n++) key = `${wanted}-${n}`;
  const shape = { kind, recipe, measure: 'score' as const };
  return {
    ...shape,
    ...{ id: crypto.randomUUID(), key, when: [], numModels: 1, sources: {} },
    judgments: [...JUDGMENT_SOURCES],
    values: toFormValues(groupsOf(shape), {}),
  };
}

/** A stored step as the form shows it. */
export function toDraft(step: ChainStep): StepDraft {
  const recipe = step.kind === 'train' ? step.recipe : 'reward';
  const measure = step.kind === 'evaluate' ? step.evaluation.measure : 'score';
  const shape = { kind: step.kind, recipe, measure };
  const config = step.kind === 'train' ? step.config : step.kind === 'evaluate' ? step.evaluation : step;
  return {
    ...shape,
    ...{ id: crypto.randomUUID(), key: step.key },
    when: step.when.map((condition) => ({ ...condition, value: String(condition.value) })),
    judgments: step.kind === 'snapshot' ? step.sources : [...JUDGMENT_SOURCES],
    numModels: step.kind === 'generate' ? step.models.length : 1,
    sources: Object.fromEntries(needsOf(step).map(({ path, source }) => [path, encode(source)])),
    values: toFormValues(groupsOf(shape), config),
  };
}

/** A draft as a step; not checked yet. */
function toStep(draft: StepDraft): unknown {
  const { kind, key, recipe, measure, numModels, judgments } = draft;
  const when = draft.when.map((condition) => ({ ...condition, value: toNumber(condition.value) }));
  const at = (path: string) => decode(draft.sources[path]);
  const config = toConfig(groupsOf(draft), draft.values);
  const shared = { kind, key, when };
  switch (kind) {
    case 'snapshot':
      return { ...shared, sources: judgments };
    case 'train':
      return { ...shared, recipe, config, ...onlyNeeded(draft, at) };
    case 'generate':
      return { ...shared, models: Array.from({ length: numModels }, (_, i) => at(`models.${i}`)), ...config };
    case 'evaluate': {
      const rewardModel = at('evaluation.rewardModel');
      const evaluation =
        measure === 'accuracy'
          ? {
              measure,
              rewardModel,
              snapshot: at('evaluation.snapshot'),
              baseline: at('evaluation.baseline'),
            }
          : {
              measure,
              rewardModel,
              model: at('evaluation.model'),
              baseline: at('evaluation.baseline'),
              ...config,
            };
      return { ...shared, evaluation };
    }
  }
}

/** What was picked for another recipe and is not taken by this one is left out, not complained of. */
function onlyNeeded(draft: StepDraft, at: (path: string) => Source | null) {
  return Object.fromEntries(needsOfDraft(draft).map(({ path }) => [path, at(path)]));
}

/** What the step of a draft starts from, as fields. */
export function needsOfDraft(draft: StepDraft): Need[] {
  const needs = needsOf(shapeOf(draft));
  return draft.kind === 'train' ? needs.filter(({ need }) => need !== 'none') : needs;
}

/** What the step of a draft leaves for later ones. */
export function resultOfDraft(draft: StepDraft): StepResult | null {
  return resultOf(shapeOf(draft));
}

/** Figures that conditions of later steps can name, in words. */
export function figuresOfDraft(draft: StepDraft): Record<string, string> {
  return figuresOf(shapeOf(draft));
}

/** A step of the draft's kind with nothing chosen: what is said of a kind does not depend on that. */
function shapeOf({ kind, recipe, measure, numModels }: StepDraft): ChainStep {
  const shared = { key: 'x', when: [] };
  const none = null as unknown as Extract<Source, { from: 'model' }>;
  const sampling = { temperature: 1, maxNewTokens: 1, seed: 1 };
  switch (kind) {
    case 'snapshot':
      return { ...shared, kind, sources: [], like: null };
    case 'train':
      return { ...shared, kind, recipe, config: {}, model: null, rewardModel: null, snapshot: null };
    case 'generate':
      return {
        ...{ ...shared, ...sampling, kind, numPrompts: 1, responsesPerPrompt: 1, createTasks: false },
        models: Array.from({ length: numModels }, () => none),
      };
    case 'evaluate':
      return {
        ...{ ...shared, kind },
        evaluation:
          measure === 'accuracy'
            ? { measure, rewardModel: none, snapshot: none as never, baseline: null }
            : { measure, model: none, rewardModel: none, baseline: null, ...sampling },
      };
  }
}

/** The list as it would be stored, or every problem by step with the path of its field. */
export function parseDrafts(
  drafts: readonly StepDraft[],
): { ok: true; steps: ChainStep[] } | { ok: false; issues: ConfigIssue[][] } {
  const parsed = chainSchema.safeParse(drafts.map(toStep));
  if (parsed.success) return { ok: true, steps: parsed.data };
  const issues = drafts.map((): ConfigIssue[] => []);
  for (const { path, message } of parsed.error.issues) {
    const [position, ...rest] = path;
    issues[Number(position)]?.push({ path: rest.join('.'), message });
  }
  return { ok: false, issues };
}

/** A step under another key: what names it goes along. */
export function renameStep(drafts: readonly StepDraft[], id: string, key: string): StepDraft[] {
  const old = drafts.find((draft) => draft.id === id)?.key;
  return drafts.map((draft) => ({
    ...draft,
    key: draft.id === id ? key : draft.key,
    when: draft.when.map((condition) => (condition.step === old ? { ...condition, step: key } : condition)),
    sources: Object.fromEntries(
      Object.entries(draft.sources).map(([path, value]) => [
        path,
        value === `step:${old}` ? `step:${key}` : value,
      ]),
    ),
  }));
}

export function encode(source: Source | null): string {
  switch (source?.from) {
    case 'checkpoint':
      return `checkpoint:${source.checkpointId}`;
    case 'model':
      return `model:${source.modelId}`;
    case 'snapshot':
      return `snapshot:${source.snapshotId}`;
    case 'step':
      return `step:${source.step}`;
    case undefined:
      return '';
  }
}

function decode(text: string | undefined): Source | null {
  const [from, id] = (text ?? '').split(/:(.*)/s);
  if (!id) return null;
  switch (from) {
    case 'checkpoint':
      return { from, checkpointId: id };
    case 'model':
      return { from, modelId: id };
    case 'snapshot':
      return { from, snapshotId: id };
    case 'step':
      return { from, step: id };
    default:
      return null;
  }
}

/** Text that is no number stays text, so that the schema complains of it. */
function toNumber(text: string): unknown {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}
