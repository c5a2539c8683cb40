/** PEFT's adapter folder: adapter_config.json and adapter_model.safetensors. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '../../../lib/rng.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import { asRewardModel, isRewardModel, type ModelConfig } from '../config.ts';
import { firstNonFinite } from '../first-non-finite.ts';
import { addScoreHead } from '../heads.ts';
import { readAdapter, setAdapter } from '../lora/lora.ts';
import { type LoraConfig, parseLoraConfig, toPeftConfig } from '../lora/lora-config.ts';
import { loraNames } from '../lora/lora-names.ts';
import { loraTargets, savedParams } from '../lora/lora-targets.ts';
import { paramShapes, SCORE_WEIGHT } from '../param-shapes.ts';
import { newParam, type Params } from '../params.ts';
import { listed } from './listed.ts';
import { readJson } from './read-json.ts';
import { openSafetensors, readSafetensors, writeSafetensors } from './safetensors.ts';

const CONFIG_FILE = 'adapter_config.json';
const WEIGHTS_FILE = 'adapter_model.safetensors';
/** What PEFT puts before a module's path. */
const PREFIX = 'base_model.model.';

export type AdaptedModel = { params: Params; config: ModelConfig; lora: LoraConfig };

/**
 * Puts the adapter of a folder on its base. The base's variables are shared: use either its record or the new one; modules
 * saved whole replace the base's, which are freed. A language model becomes a reward model where the adapter brings a head.
 * @throws Error naming the file and the field or tensor that does not fit; the base is then as it was
 */
export function loadAdapter(folder: string, base: { params: Params; config: ModelConfig }): AdaptedModel {
  const { lora, config, path, targets, saved, shapes, baseShapes } = expectedTensors(folder, base.config);
  const wantsHead = isRewardModel(config) && !isRewardModel(base.config);
  const tensors = new Map(
    [...readSafetensors(path)].map(([name, tensor]) => [nameWithin(name, path), tensor] as const),
  );
  checkTensors(tensors, shapes, path);
  if (wantsHead) requireHead(tensors, path);

  const floats = (name: string) => tensors.get(name)?.data as Float32Array;
  // the new head's values are replaced below: any stream will do
  const model = wantsHead ? addScoreHead(base.params, base.config, createRng(0, 'init')) : base;
  const params = { ...model.params };
  for (const name of saved) {
    params[name]?.dispose();
    params[name] = newParam(floats(name), baseShapes.get(name) as number[]);
  }
  for (const target of targets) {
    const names = loraNames(target.path);
    setAdapter(params, target, { a: floats(names.a), b: floats(names.b) });
  }
  return { params, config: model.config, lora };
}

/**
 * Everything about an adapter's folder that can be checked without reading a weight: its settings, which layers of the base
 * they match, the names and shapes of its tensors. @throws Error as loadAdapter does
 */
export function checkAdapterFolder(folder: string, base: ModelConfig): void {
  const { config, path, shapes } = expectedTensors(folder, base);
  const file = openSafetensors(path);
  file.close();
  const found = new Map([...file.shapes].map(([name, shape]) => [nameWithin(name, path), shape] as const));
  checkShapes(found, shapes, path);
  if (isRewardModel(config) && !isRewardModel(base)) requireHead(found, path);
}

/**
 * Writes a folder that PEFT opens. `baseModel` is the folder or hub name that it takes the base from. A reward model's
 * normalisation (training.md R10) has no place in it: the adapter gives raw scores.
 */
export function saveAdapter(
  folder: string,
  { params, config, lora, baseModel }: AdaptedModel & { baseModel: string | null },
): void {
  mkdirSync(folder, { recursive: true });
  const taskType = isRewardModel(config) ? 'SEQ_CLS' : 'CAUSAL_LM';
  const json = toPeftConfig(lora, { taskType, baseModel, fanInFanOut: config.family === 'gpt2' });
  writeFileSync(join(folder, CONFIG_FILE), `${JSON.stringify(json, null, 2)}\n`);
  const tensors = Object.entries(readAdapter(params, config, lora));
  writeSafetensors(
    join(folder, WEIGHTS_FILE),
    Object.fromEntries(tensors.map(([name, tensor]) => [`${PREFIX}${name}`, tensor])),
  );
}

/** What the weights file of an adapter must hold for this base, by its settings. @throws Error naming the field that does not fit */
function expectedTensors(folder: string, base: ModelConfig) {
  const configPath = join(folder, CONFIG_FILE);
  const { taskType, ...lora } = parseLoraConfig(readJson(configPath), configPath);
  const path = join(folder, WEIGHTS_FILE);
  if (!existsSync(path)) throw new Error(`${folder}: no ${WEIGHTS_FILE}`);
  const config = taskType === 'SEQ_CLS' && !isRewardModel(base) ? asRewardModel(base) : base;
  if (taskType === 'CAUSAL_LM' && isRewardModel(config))
    throw new Error(`${configPath}: task_type is CAUSAL_LM, the base is a ${config.architecture}`);
  const targets = named(configPath, () => loraTargets(config, lora));
  const saved = named(configPath, () => savedParams(config, lora));
  const shapes = new Map<string, number[]>();
  for (const { path: layer, rank, numIn, numOut } of targets) {
    shapes.set(loraNames(layer).a, [rank, numIn]);
    shapes.set(loraNames(layer).b, [numOut, rank]);
  }
  const baseShapes = paramShapes(config);
  for (const name of saved) shapes.set(name, baseShapes.get(name) as number[]);
  return { lora, config, path, targets, saved, shapes, baseShapes };
}

function requireHead(tensors: ReadonlyMap<string, unknown>, path: string): void {
  if (!tensors.has(SCORE_WEIGHT))
    throw new Error(`${path}: no tensor ${PREFIX}${SCORE_WEIGHT}, and the base has no head`);
}

/** Older versions of PEFT leave the wrapper's name in the path of a module saved whole. */
function nameWithin(name: string, path: string): string {
  if (!name.startsWith(PREFIX)) throw new Error(`${path}: tensor ${name}: expected a name after ${PREFIX}`);
  return name.slice(PREFIX.length).replace('.modules_to_save.', '.');
}

function checkTensors(tensors: Map<string, HostTensor>, shapes: Map<string, number[]>, path: string): void {
  checkShapes(new Map([...tensors].map(([name, { shape }]) => [name, shape])), shapes, path);
  for (const [name, { data }] of tensors) {
    if (!(data instanceof Float32Array))
      throw new Error(`${path}: tensor ${name} holds integers, expected floats`);
    const bad = firstNonFinite(data);
    if (bad !== -1) throw new Error(`${path}: tensor ${name} holds ${data[bad]} at element ${bad}`);
  }
}

function checkShapes(
  found: ReadonlyMap<string, number[]>,
  expected: ReadonlyMap<string, number[]>,
  path: string,
): void {
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  if (missing.length > 0)
    throw new Error(`${path}: ${missing.length} tensors are missing for this base: ${listed(missing)}`);
  const extra = [...found.keys()].filter((name) => !expected.has(name));
  if (extra.length > 0)
    throw new Error(`${path}: ${extra.length} tensors fit nothing in this base: ${listed(extra)}`);
  for (const [name, shape] of found) {
    const wanted = expected.get(name) as number[];
    if (shape.join() !== wanted.join())
      throw new Error(`${path}: tensor ${name} has shape [${shape}], rank and base ask for [${wanted}]`);
  }
}

function named<T>(source: string, f: () => T): T {
  try {
    return f();
  } catch (cause) {
    throw new Error(`${source}: ${(cause as Error).message}`, { cause });
  }
}
