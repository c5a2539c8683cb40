/** The options of a run from their layers: defaults, preset, YAML file, --set, --seed. The last one wins. */
import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { type ConfigOf, definitionOf, type RecipeName } from '../config/recipes.ts';
import { UsageError } from './usage-error.ts';

type Tree = { [key: string]: unknown };
/** Where each option came from, for errors: dotted path to layer name. */
type Sources = Map<string, string>;

/** Throws UsageError naming the option, the layer (file, preset or --set) that it came from, and what was expected. */
export function resolveConfig<R extends RecipeName>(
  recipe: R,
  layers: { preset: string | null; config: string | null; set: readonly string[]; seed: number | null },
): ConfigOf<R> {
  const tree: Tree = {};
  const sources: Sources = new Map();
  if (layers.preset !== null) {
    const { presets } = definitionOf(recipe);
    const preset = presets[layers.preset];
    if (!preset) {
      throw new UsageError(
        `--preset ${layers.preset}: ${recipe} has no such preset; there are: ${Object.keys(presets).join(', ')}`,
      );
    }
    merge(tree, preset.config as Tree, { sources, from: `preset ${layers.preset}`, path: '' });
  }
  if (layers.config !== null) {
    merge(tree, readYaml(layers.config), { sources, from: layers.config, path: '' });
  }
  for (const assignment of layers.set)
    merge(tree, readAssignment(assignment), { sources, from: '--set', path: '' });
  if (layers.seed !== null)
    merge(tree, { runtime: { seed: layers.seed } }, { sources, from: '--seed', path: '' });

  const parsed = definitionOf(recipe).schema.safeParse(tree);
  if (parsed.success) return parsed.data as ConfigOf<R>;
  throw new UsageError(parsed.error.issues.map((issue) => explain(issue, tree, sources)).join('\n'));
}

function explain(issue: z.core.$ZodIssue, tree: Tree, sources: Sources): string {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => {
        const full = path === '' ? key : `${path}.${key}`;
        return `${sourceOf(full, sources)}: there is no option "${full}"`;
      })
      .join('\n');
  }
  const value = issue.path.reduce<unknown>((node, key) => (node as Tree | undefined)?.[String(key)], tree);
  return `${sourceOf(path, sources)}: ${path || 'the options'} is ${JSON.stringify(value)}: ${issue.message}`;
}

function sourceOf(path: string, sources: Sources): string {
  const exact = sources.get(path);
  if (exact !== undefined) return exact;
  const inside = [...sources].find(([known]) => known.startsWith(`${path}.`) || path.startsWith(`${known}.`));
  return inside?.[1] ?? 'options';
}

function readYaml(file: string): Tree {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--config ${file}: cannot be read (${(cause as Error).message})`, { cause });
  }
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    throw new UsageError(`--config ${file}: not YAML: ${(cause as Error).message}`, { cause });
  }
  if (value === null || value === undefined) return {};
  if (!isTree(value)) throw new UsageError(`--config ${file}: expected options as "name: value" lines`);
  return value;
}

function readAssignment(assignment: string): Tree {
  const at = assignment.indexOf('=');
  const path = assignment.slice(0, at).trim();
  if (at < 1 || path.split('.').some((key) => !/^[A-Za-z]\w*$/.test(key))) {
    throw new UsageError(`--set ${assignment}: expected name=value or group.name=value`);
  }
  const value: unknown = parseYaml(assignment.slice(at + 1));
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;
}

function merge(into: Tree, from: Tree, at: { sources: Sources; from: string; path: string }): void {
  for (const [key, value] of Object.entries(from)) {
    const path = at.path === '' ? key : `${at.path}.${key}`;
    if (isTree(value)) {
      const inner = isTree(into[key]) ? into[key] : {};
      into[key] = inner;
      merge(inner, value, { ...at, path });
    } else {
      into[key] = value;
      at.sources.set(path, at.from);
    }
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
