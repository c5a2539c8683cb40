import { z } from 'zod';

/** One field of a form made from a schema. Values are kept by `path`, dotted from the top of the config. */
export type FormField = {
  path: string;
  label: string;
  help: string;
  kind: 'integer' | 'number' | 'boolean' | 'choice';
  isNullable: boolean;
  choices: string[];
  /** what is allowed, in words: "0 to 1", "above 0" */
  limits: string;
  defaultValue: number | boolean | string | null;
};
export type FormGroup = { path: string; label: string; fields: FormField[] };

/** What a form holds: what was typed, as it was typed. */
export type FormValues = Record<string, string | boolean>;

type Node = {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Node>;
  anyOf?: Node[];
  enum?: string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
};

/**
 * The fields of a config schema in its own order: single options first, then one group for each nested object. Defaults are
 * those that parsing an empty config gives. Throws for a kind of field that the form cannot show.
 */
export function formGroups(schema: z.ZodType): FormGroup[] {
  const root = z.toJSONSchema(schema, { io: 'input' }) as Node;
  const defaults = schema.parse({});
  const groups: FormGroup[] = [{ path: '', label: 'Main options', fields: [] }];
  walk(root, { path: '', defaults, groups });
  return groups.filter((group) => group.fields.length > 0);
}

function walk(
  node: Node,
  { path, defaults, groups }: { path: string; defaults: unknown; groups: FormGroup[] },
): void {
  const group = groups.find((candidate) => candidate.path === path);
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const childPath = path === '' ? key : `${path}.${key}`;
    const value = (defaults as Record<string, unknown>)[key];
    if (child.properties) {
      groups.push({ path: childPath, label: labelOf(key), fields: [] });
      walk(child, { path: childPath, defaults: value, groups });
    } else group?.fields.push(fieldOf(child, { path: childPath, key, value }));
  }
}

function fieldOf(node: Node, { path, key, value }: { path: string; key: string; value: unknown }): FormField {
  const alternatives = node.anyOf ?? [node];
  const types = alternatives.flatMap((alternative) => alternative.type ?? []);
  const isNullable = types.includes('null');
  const main = alternatives.find((alternative) => alternative.type !== 'null') ?? node;
  const [type, ...others] = types.filter((candidate) => candidate !== 'null');
  const kind = main.enum ? 'choice' : type;
  if (
    others.length > 0 ||
    (kind !== 'choice' && kind !== 'integer' && kind !== 'number' && kind !== 'boolean')
  ) {
    throw new Error(`form: ${path} is of type ${types.join(' or ')}, which has no field`);
  }
  return {
    path,
    label: labelOf(key),
    help: node.description ?? '',
    kind,
    isNullable,
    choices: main.enum ?? [],
    limits: limitsOf(main),
    defaultValue: value as FormField['defaultValue'],
  };
}

/** rolloutBatchSize -> Rollout batch size */
function labelOf(key: string): string {
  const words = key.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  const label = words.charAt(0).toUpperCase() + words.slice(1);
  return label
    .replace(/\bkl\b/i, 'KL')
    .replace(/\bppo\b/i, 'PPO')
    .replace(/\beos\b/i, 'EOS');
}

function limitsOf(node: Node): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = node;
  const top = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  const isWhole = node.type === 'integer';
  const parts: string[] = [];
  if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER) {
    parts.push(top === undefined ? `${minimum} or more` : `${minimum} to ${top}`);
  } else if (exclusiveMinimum !== undefined) {
    parts.push(isWhole && exclusiveMinimum === 0 ? '1 or more' : `above ${exclusiveMinimum}`);
    if (top !== undefined) parts.push(`at most ${top}`);
  } else if (top !== undefined) parts.push(`at most ${top}`);
  if (exclusiveMaximum !== undefined) parts.push(`below ${exclusiveMaximum}`);
  if (multipleOf !== undefined && multipleOf > 1) parts.push(`a multiple of ${multipleOf}`);
  return parts.join(', ');
}

/** A config as a form shows it. */
export function toFormValues(groups: FormGroup[], config: unknown): FormValues {
  const values: FormValues = {};
  for (const field of groups.flatMap((group) => group.fields)) {
    const value = field.path
      .split('.')
      .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], config);
    const shown = value === undefined ? field.defaultValue : value;
    values[field.path] = typeof shown === 'boolean' ? shown : shown === null ? '' : String(shown);
  }
  return values;
}

/**
 * What was typed as a config, to be parsed by the recipe's schema. Text that is no number stays text, so that the schema
 * names the field; an empty field is null where null is allowed, and left out (an error of the schema or its default) elsewhere.
 */
export function toConfig(groups: FormGroup[], values: FormValues): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const field of groups.flatMap((group) => group.fields)) {
    const typed = values[field.path];
    const keys = field.path.split('.');
    const last = keys.pop() as string;
    let target = config;
    for (const key of keys) {
      target[key] ??= {};
      target = target[key] as Record<string, unknown>;
    }
    target[last] = typedValue(field, typed);
  }
  return config;
}

function typedValue(field: FormField, typed: string | boolean | undefined): unknown {
  if (typeof typed !== 'string' || field.kind === 'choice') return typed;
  const text = typed.trim();
  if (text === '') return field.isNullable ? null : Number.NaN;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
