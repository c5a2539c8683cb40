/** The weights of a Hugging Face model folder: model.safetensors, or shards with model.safetensors.index.json. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { HostTensor } from '../../tensors/compile.ts';
import { listed } from './listed.ts';
import { readJson } from './read-json.ts';
import {
  type FloatDtype,
  openSafetensors,
  type SafetensorsFile,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors.ts';
import { elementCount } from './safetensors-header.ts';

const SINGLE_FILE = 'model.safetensors';
const INDEX_FILE = 'model.safetensors.index.json';
/** Files of an earlier save that would be read beside, or instead of, the new ones. */
const WEIGHT_FILE = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/;
/** Where transformers begins a new shard. */
const MAX_SHARD_BYTES = 5e9;

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** Tensors of all shards, read one at a time. */
export type ModelWeights = {
  shapes: ReadonlyMap<string, number[]>;
  read(name: string): HostTensor;
  /** path of the file that holds the tensor */
  fileOf(name: string): string;
  close(): void;
};

/**
 * Opens the weights of a folder and checks every header against the index. The caller closes them.
 * @throws Error naming the file and the tensor when one is missing, broken or not where the index says
 */
export function openModelWeights(folder: string): ModelWeights {
  const files: SafetensorsFile[] = [];
  const close = () => {
    for (const file of files) file.close();
  };
  try {
    if (existsSync(join(folder, SINGLE_FILE))) files.push(openSafetensors(join(folder, SINGLE_FILE)));
    else openShards(folder, files);
  } catch (error) {
    close();
    throw error;
  }
  const holders = new Map(
    files.flatMap((file) => [...file.shapes.keys()].map((name) => [name, file] as const)),
  );
  const holder = (name: string): SafetensorsFile => {
    const file = holders.get(name);
    if (!file) throw new Error(`${folder}: no tensor ${name}`);
    return file;
  };
  return {
    shapes: new Map(files.flatMap((file) => [...file.shapes])),
    read: (name) => holder(name).read(name),
    fileOf: (name) => holder(name).path,
    close,
  };
}

/**
 * Writes the weights of a model, in one file or, above `maxShardBytes`, in shards with an index as transformers does; weight
 * files of an earlier save go away. Floats are stored as `dtype`.
 */
export function writeModelWeights(
  folder: string,
  tensors: Record<string, TensorToWrite>,
  { dtype = 'F32', maxShardBytes = MAX_SHARD_BYTES }: { dtype?: FloatDtype; maxShardBytes?: number } = {},
): void {
  for (const file of readdirSync(folder)) if (WEIGHT_FILE.test(file)) rmSync(join(folder, file));
  const shards = split(tensors, { bytesPerValue: dtype === 'F32' ? 4 : 2, maxShardBytes });
  const [only] = shards;
  if (only && shards.length === 1) {
    writeSafetensors(join(folder, SINGLE_FILE), only.tensors, { dtype });
    return;
  }
  const weightMap: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const number = (n: number) => String(n).padStart(5, '0');
    const file = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    writeSafetensors(join(folder, file), shard.tensors, { dtype });
    for (const name of Object.keys(shard.tensors)) weightMap[name] = file;
  }
  const totalSize = shards.reduce((sum, { bytes }) => sum + bytes, 0);
  const index = { metadata: { total_size: totalSize }, weight_map: weightMap };
  writeFileSync(join(folder, INDEX_FILE), `${JSON.stringify(index, null, 2)}\n`);
}

type Shard = { tensors: Record<string, TensorToWrite>; bytes: number };

/** Fills one shard after the other in the order given; a tensor larger than a shard has one to itself. */
function split(
  tensors: Record<string, TensorToWrite>,
  { bytesPerValue, maxShardBytes }: { bytesPerValue: number; maxShardBytes: number },
): Shard[] {
  let last: Shard = { tensors: {}, bytes: 0 };
  const shards = [last];
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = elementCount(tensor.shape) * bytesPerValue;
    if (last.bytes > 0 && last.bytes + bytes > maxShardBytes) {
      last = { tensors: {}, bytes: 0 };
      shards.push(last);
    }
    last.tensors[name] = tensor;
    last.bytes += bytes;
  }
  return shards;
}

function openShards(folder: string, files: SafetensorsFile[]): void {
  const indexPath = join(folder, INDEX_FILE);
  if (!existsSync(indexPath)) throw new Error(`${folder}: neither ${SINGLE_FILE} nor ${INDEX_FILE} is there`);
  const index = indexSchema.safeParse(readJson(indexPath));
  if (!index.success)
    throw new Error(`${indexPath}: expected an object weight_map of tensor name to file name`);
  const shardOf = new Map(Object.entries(index.data.weight_map));
  const found = new Set<string>();
  for (const shard of new Set(shardOf.values())) {
    if (basename(shard) !== shard) throw new Error(`${indexPath}: shard ${shard} is not a plain file name`);
    const path = join(folder, shard);
    if (!existsSync(path)) throw new Error(`${indexPath}: shard ${shard} is missing`);
    const file = openSafetensors(path);
    files.push(file);
    for (const name of file.shapes.keys()) {
      const expected = shardOf.get(name) ?? 'no shard';
      if (expected !== shard)
        throw new Error(`${path}: tensor ${name} should be in ${expected} by the index`);
      found.add(name);
    }
  }
  const absent = [...shardOf.keys()].filter((name) => !found.has(name));
  if (absent.length > 0) throw new Error(`${indexPath}: not in the shard named for them: ${listed(absent)}`);
}
