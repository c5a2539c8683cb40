/**
 * The native addon of @tensorflow/tfjs-node-gpu, loaded without the package's JavaScript: only its binding to TensorFlow's
 * C library is wanted, not the eager backend around it (which also fails on Node 23 and later, tfjs issue 8609).
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** TensorFlow's numbers of the types that cross the border. */
export const FLOAT = 1;
export const INT32 = 3;

/** A tensor of TensorFlow's, by its number. It lives until deleteTensor. */
export type NativeTensor = { id: number; shape: number[]; dtype: number };

export type Addon = {
  /** The array is not copied: TensorFlow reads, and may write, its memory until the tensor is gone. */
  createTensor(shape: number[], dtype: number, data: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  /** a copy */
  tensorDataSync(id: number): Float32Array | Int32Array;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** any op of TensorFlow's, at once */
  executeOp(
    name: string,
    attributes: { name: string; type: number; value: unknown }[],
    inputIds: number[],
    numOutputs: number,
  ): NativeTensor[];
  TF_ATTR_TYPE: number;
  TF_ATTR_BOOL: number;
  /** names are joined by commas; each is a node's name with `:0` */
  runSavedModel(id: number, inputIds: number[], inputNames: string, outputNames: string): NativeTensor[];
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
  /** TensorFlow's version */
  TF_Version: string;
};

let loaded: Addon | null = null;

/** Path of the built addon, or null where `npm run native` has not been run. */
export function findAddon(): string | null {
  let folder: string;
  try {
    folder = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch {
    return null;
  }
  const lib = join(folder, 'lib');
  if (!existsSync(lib)) return null;
  const paths = readdirSync(lib).map((name) => join(lib, name, 'tfjs_binding.node'));
  const linked = existsSync(join(folder, 'deps', 'lib', 'libtensorflow_cc.so.2'));
  return (linked && paths.find((path) => existsSync(path))) || null;
}

/** Whether this process has loaded it: what TensorFlow reads from the environment is settled then. */
export function isAddonLoaded(): boolean {
  return loaded !== null;
}

/**
 * Loads the addon, once for the process.
 * @throws Error saying how to install it
 */
export function loadAddon(): Addon {
  if (loaded) return loaded;
  const path = findAddon();
  if (!path) throw new Error("backend 'native' is not installed: run npm run native");
  // TensorFlow reads it when it loads, and lists its processor features otherwise. Two lines about oneDNN remain.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  loaded = require(path) as Addon;
  return loaded;
}
