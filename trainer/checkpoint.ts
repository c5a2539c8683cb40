/**
 * Checkpoints: a Hugging Face model folder with the trainer's state beside it. A checkpoint is written under a temporary
 * name, every file and folder is fsynced, then it is renamed: a process killed at any moment leaves either the whole
 * checkpoint or none of it, and the older ones untouched.
 *
 *   checkpoint-120/  config.json model.safetensors generation_config.json tokenizer.json ...
 *                    critic/config.json critic/model.safetensors        (companion models, PPO)
 *                    adapter/adapter_config.json ...                    (LoRA; the model has it merged)
 *                    trainer-state.json optimizer.safetensors           (resumable ones)
 *                    manifest.json                                      (sha256 of all the others)
 *
 * The functions are synchronous like the training step itself: nothing may change the variables while they are written.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { verifyManifest, writeManifest } from './manifest.ts';
import type { ModelConfig } from './model/config.ts';
import { saveAdapter } from './model/files/adapter-files.ts';
import type { GenerationConfig } from './model/files/load-pretrained.ts';
import { readSafetensors, type TensorToWrite, writeSafetensors } from './model/files/safetensors.ts';
import { savePretrained } from './model/files/save-pretrained.ts';
import type { LoraConfig } from './model/lora/lora-config.ts';
import type { Params } from './model/params.ts';
import type { AdamWState } from './optim/adamw.ts';

const STATE_FILE = 'trainer-state.json';
const OPTIMIZER_FILE = 'optimizer.safetensors';
/** Subfolder of a checkpoint trained with an adapter. */
export const ADAPTER_FOLDER = 'adapter';
const CHECKPOINT_NAME = /^checkpoint-(\d+)$/;
const TEMPORARY_NAME = /\.tmp-[0-9a-f]{12}$/;

export type CheckpointModel = {
  params: Params;
  config: ModelConfig;
  generationConfig?: GenerationConfig;
  /** folder whose tokenizer files are copied */
  tokenizerFolder?: string | null;
  /** the adapter among `params`: the model is written with it merged, and beside it the adapter alone as PEFT has it */
  adapter?: { lora: LoraConfig; baseModel: string } | null;
};

export type TrainingState<State> = {
  /** plain finite JSON: step, schedule, KL coefficient, random streams, cursor, running statistics, best metric */
  state: State;
  /** state of each optimizer by a name of the recipe's choice */
  optimizers: Record<string, AdamWState>;
};

/** The same, with moments that are read as they are written. */
type TrainingToWrite<State> = {
  state: State;
  optimizers: Record<string, { step: number; moments: Record<string, TensorToWrite> }>;
};

const stateFileSchema = z.strictObject({
  version: z.literal(1),
  state: z.unknown(),
  optimizers: z.record(z.string(), z.strictObject({ step: z.number().int().min(0) })),
});

/** Name of the folder that `latestCheckpoint` looks for. */
export function checkpointFolder(outFolder: string, step: number): string {
  return join(outFolder, `checkpoint-${step}`);
}

/**
 * Writes a checkpoint, replacing one of the same name. `companions` are further models in subfolders of that name;
 * `training` null makes a plain model folder that cannot be resumed.
 * @returns the sha256 of its manifest
 */
export function writeCheckpoint<State>(checkpoint: {
  folder: string;
  model: CheckpointModel;
  companions?: Record<string, CheckpointModel>;
  training: TrainingToWrite<State> | null;
}): { manifestSha256: string } {
  const { folder, model, companions = {}, training } = checkpoint;
  const { tokenizerFolder } = model;
  if (tokenizerFolder && !existsSync(join(tokenizerFolder, 'tokenizer.json')))
    throw new Error(`${folder}: no tokenizer.json in ${tokenizerFolder} to go with the model`);
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  const temporary = temporaryName(folder);
  try {
    savePretrained({ ...model, folder: temporary });
    if (model.adapter) saveAdapter(join(temporary, ADAPTER_FOLDER), { ...model, ...model.adapter });
    for (const [name, companion] of Object.entries(companions)) {
      savePretrained({ ...companion, folder: join(temporary, name) });
    }
    if (training) writeTraining(temporary, training);
    const { manifestSha256 } = writeManifest(temporary);
    syncTree(temporary);
    replaceFolder(temporary, folder);
    syncPath(parent);
    return { manifestSha256 };
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Verifies a checkpoint and reads the trainer's state; its models are opened with loadPretrained.
 * @throws Error naming the first broken file, or the field of the state that does not fit `stateSchema`
 */
export function readCheckpoint<State>(
  folder: string,
  stateSchema: z.ZodType<State>,
): TrainingState<State> & { manifestSha256: string } {
  const check = verifyManifest(folder);
  if (!check.ok) throw new Error(`${folder}: broken checkpoint: ${check.file} ${check.reason}`);
  const { state, optimizerSteps } = readTrainerState(folder, stateSchema);

  const optimizers: Record<string, AdamWState> = {};
  for (const [name, { step }] of Object.entries(optimizerSteps)) optimizers[name] = { step, moments: {} };
  for (const [key, tensor] of readSafetensors(join(folder, OPTIMIZER_FILE))) {
    const slash = key.indexOf('/');
    const optimizer = optimizers[key.slice(0, slash)];
    if (!optimizer)
      throw new Error(`${join(folder, OPTIMIZER_FILE)}: ${key} belongs to no optimizer of ${STATE_FILE}`);
    optimizer.moments[key.slice(slash + 1)] = tensor;
  }
  return { state, optimizers, manifestSha256: check.manifestSha256 };
}

/**
 * The trainer's state alone, without its moments and unverified.
 * @throws Error when there is none, or naming the field that does not fit `stateSchema`
 */
export function readTrainerState<State>(folder: string, stateSchema: z.ZodType<State>) {
  const path = join(folder, STATE_FILE);
  if (!existsSync(path))
    throw new Error(`${folder}: no ${STATE_FILE}: a model to start from, not a run to resume`);
  const file = stateFileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!file.success) throw new Error(`${path}: ${z.prettifyError(file.error)}`);
  const state = stateSchema.safeParse(file.data.state);
  if (!state.success)
    throw new Error(`${path}: not the state of this recipe: ${z.prettifyError(state.error)}`);
  return { state: state.data, optimizerSteps: file.data.optimizers };
}

/** The newest resumable checkpoint that is whole; temporary and broken ones are passed over. Null when there is none. */
export function latestCheckpoint(outFolder: string): { folder: string; step: number } | null {
  const newest = wholeCheckpoints(outFolder).next();
  return newest.done ? null : newest.value;
}

/** Deletes resumable checkpoints beyond the newest `keep` whole ones, and what interrupted writers left. */
export function pruneCheckpoints(outFolder: string, keep: number): void {
  if (!Number.isInteger(keep) || keep < 1) throw new Error(`pruneCheckpoints: keep ${keep} is not 1 or more`);
  const kept: number[] = [];
  for (const { step } of wholeCheckpoints(outFolder)) {
    kept.push(step);
    if (kept.length === keep) break;
  }
  const oldest = kept.at(-1);
  for (const name of readdirSync(outFolder)) {
    const step = CHECKPOINT_NAME.exec(name)?.[1];
    const isOld = step !== undefined && kept.length === keep && Number(step) < (oldest as number);
    if (isOld) {
      // renamed first, so that no half-deleted folder bears a checkpoint's name
      const doomed = temporaryName(join(outFolder, name));
      renameSync(join(outFolder, name), doomed);
      rmSync(doomed, { recursive: true, force: true });
    } else if (TEMPORARY_NAME.test(name)) {
      rmSync(join(outFolder, name), { recursive: true, force: true });
    }
  }
}

function* wholeCheckpoints(outFolder: string): Generator<{ folder: string; step: number }, undefined> {
  if (!existsSync(outFolder)) return;
  const steps = readdirSync(outFolder)
    .flatMap((name) => CHECKPOINT_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
  for (const step of steps) {
    const folder = checkpointFolder(outFolder, step);
    if (existsSync(join(folder, STATE_FILE)) && verifyManifest(folder).ok) yield { folder, step };
  }
}

function writeTraining<State>(folder: string, { state, optimizers }: TrainingToWrite<State>): void {
  const steps = Object.fromEntries(Object.entries(optimizers).map(([name, { step }]) => [name, { step }]));
  let text: string | undefined;
  try {
    // throws on NaN and infinity, which JSON.stringify would silently turn into null
    text = canonicalize({ version: 1, state, optimizers: steps });
  } catch (cause) {
    throw new Error(`checkpoint: the trainer's state is not finite JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  writeFileSync(join(folder, STATE_FILE), text as string);
  const tensors: Record<string, TensorToWrite> = {};
  for (const [name, { moments }] of Object.entries(optimizers)) {
    if (name.includes('/')) throw new Error(`checkpoint: optimizer name ${name} must not contain a slash`);
    for (const [key, tensor] of Object.entries(moments)) tensors[`${name}/${key}`] = tensor;
  }
  writeSafetensors(join(folder, OPTIMIZER_FILE), tensors);
}

/**
 * A rename cannot replace a folder that has files: the old one steps aside first and is deleted last. A kill between the
 * two renames loses this one step, never an older one.
 */
function replaceFolder(from: string, to: string): void {
  if (!existsSync(to)) {
    renameSync(from, to);
    return;
  }
  const aside = temporaryName(to);
  renameSync(to, aside);
  renameSync(from, to);
  rmSync(aside, { recursive: true, force: true });
}

function temporaryName(folder: string): string {
  return `${folder}.tmp-${randomBytes(6).toString('hex')}`;
}

/** Writes a folder and everything in it through to the disk. */
export function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else syncPath(path);
  }
  syncPath(folder);
}

/** Writes one file, or the names in one folder, through to the disk. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
