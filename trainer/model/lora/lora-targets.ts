import { isRewardModel, type ModelConfig } from '../config.ts';
import { listed } from '../files/listed.ts';
import { paramShapes } from '../param-shapes.ts';
import type { LoraConfig } from './lora-config.ts';

/** A linear layer with an adapter: A [rank, in], B [out, rank]. */
export type LoraTarget = { path: string; rank: number; scaling: number; numIn: number; numOut: number };

/** Modules that are no linear layers of a block; PEFT's "all-linear", too, leaves out the output layer and the head. */
const OUTSIDE_BLOCKS = /(^|\.)(embed_tokens|lm_head|score|wte|wpe)$/;

/**
 * The layers that an adapter changes, in the order of the model (peft src/peft/tuners/tuners_utils.py,
 * check_target_module_exists; src/peft/utils/other.py, get_pattern_key).
 * @throws Error naming the field when it matches no layer, or one that cannot have an adapter
 */
export function loraTargets(config: ModelConfig, lora: LoraConfig): LoraTarget[] {
  const matches = targetMatcher(lora.targetModules);
  const saved = (path: string) => lora.modulesToSave.some((name) => `.${path}.`.includes(`.${name}.`));
  const targets: LoraTarget[] = [];
  for (const [name, shape] of paramShapes(config)) {
    const path = name.replace(/\.weight$/, '');
    if (path === name || shape.length !== 2 || saved(path) || !matches(path)) continue;
    if (OUTSIDE_BLOCKS.test(path)) {
      if (isAllLinear(lora.targetModules)) continue;
      throw new Error(
        `target_modules: ${path} is not a linear layer of a block; modules_to_save trains it whole`,
      );
    }
    const [numOut, numIn] = shape as [number, number];
    const rank = patternValue(lora.rankPattern, path) ?? lora.rank;
    const alpha = patternValue(lora.alphaPattern, path) ?? lora.alpha;
    targets.push({
      path,
      rank,
      scaling: alpha / (lora.rankStabilized ? Math.sqrt(rank) : rank),
      numIn,
      numOut,
    });
  }
  if (targets.length === 0) {
    const asked = typeof lora.targetModules === 'string' ? lora.targetModules : listed(lora.targetModules);
    throw new Error(`target_modules: ${asked} matches no linear layer of a ${config.architecture}`);
  }
  return targets;
}

/**
 * Parameters that are trained and stored whole beside the adapter. Names that match nothing are passed over, as PEFT does: it
 * always lists both "score" and "classifier" for a model with a head.
 * @throws Error when one of them shares its weight with another module
 */
export function savedParams(config: ModelConfig, lora: LoraConfig): string[] {
  const names = [...paramShapes(config).keys()].filter((name) => {
    const path = name.slice(0, name.lastIndexOf('.'));
    // without a dot before it, as PEFT has it: "norm" means input_layernorm, too
    return lora.modulesToSave.some((wanted) => path.endsWith(wanted));
  });
  const tied = config.tieWordEmbeddings && !isRewardModel(config);
  const shared = names.find((name) => /(^|\.)(embed_tokens|wte)\./.test(name));
  if (tied && (shared || lora.modulesToSave.includes('lm_head'))) {
    throw new Error(
      `modules_to_save: ${shared ?? 'lm_head'} is both embedding and output layer (tie_word_embeddings), which an adapter would part`,
    );
  }
  return names;
}

function targetMatcher(targetModules: string[] | string): (path: string) => boolean {
  if (isAllLinear(targetModules)) return () => true;
  if (typeof targetModules !== 'string') return (path) => targetModules.some((name) => endsWith(path, name));
  const pattern = compilePattern(targetModules, 'target_modules');
  return (path) => pattern.test(path);
}

function isAllLinear(targetModules: string[] | string): boolean {
  return typeof targetModules === 'string' && targetModules.toLowerCase() === 'all-linear';
}

function patternValue(patterns: Record<string, number>, path: string): number | undefined {
  return Object.entries(patterns).find(([key]) =>
    compilePattern(`(.*\\.)?(${key})`, 'pattern').test(path),
  )?.[1];
}

/** Python's re.fullmatch; the patterns people write for layers mean the same in both languages. */
function compilePattern(pattern: string, field: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (cause) {
    throw new Error(`${field}: ${pattern} is not a pattern: ${(cause as Error).message}`, { cause });
  }
}

function endsWith(path: string, name: string): boolean {
  return path === name || path.endsWith(`.${name}`);
}
