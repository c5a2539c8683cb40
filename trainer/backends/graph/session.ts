import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Addon, FLOAT, INT32, loadAddon } from './addon.ts';

/** A loaded graph with its own variables. Tensors are TensorFlow's numbers for them; whoever gets one deletes it. */
export class Session {
  readonly #addon: Addon = loadAddon();
  readonly #id: number;

  constructor(savedModel: Buffer) {
    // The addon loads a folder; TensorFlow has read it all when loading returns.
    const folder = mkdtempSync(join(tmpdir(), 'plumbline-graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), savedModel);
      this.#id = this.#addon.loadSavedModel(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * Runs the part of the graph that `outputs` need.
   * @param inputs, outputs names of nodes
   * @throws Error with TensorFlow's reason, and a hint when memory ran out
   */
  run(feeds: number[], inputs: readonly string[], outputs: readonly string[]): number[] {
    try {
      const results = this.#addon.runSavedModel(this.#id, feeds, joined(inputs), joined(outputs));
      return results.map(({ id }) => id);
    } catch (error) {
      const [message = ''] = (error as Error).message
        .replace(/^Session fail to run with error: /, '')
        .split('\n');
      const hint = /OOM|resource exhausted|failed to allocate/i.test(message) ? outOfMemoryHint(message) : '';
      throw new Error(`${message}${hint}`, { cause: error });
    }
  }

  delete(): void {
    this.#addon.deleteSavedModel(this.#id);
  }
}

/** The size in GiB where TensorFlow names a shape, and what helps. */
function outOfMemoryHint(message: string): string {
  const shape = /tensor with shape\[([\d,]+)\]/.exec(message)?.[1];
  const elements = shape?.split(',').reduce((product, size) => product * Number(size), 1);
  const size = elements ? `${((4 * elements) / 2 ** 30).toFixed(1)} GiB; ` : '';
  return ` (${size}out of memory: lower the batch size or the sequence length, or set recompute)`;
}

/** A tensor of TensorFlow's over the array itself; the array must not change while it lives. */
export function feed(shape: readonly number[], data: Float32Array | Int32Array): number {
  const dtype = data instanceof Float32Array ? FLOAT : INT32;
  return loadAddon().createTensor([...shape], dtype, data);
}

/**
 * A tensor with memory of TensorFlow's own, for values that stay in a variable: it may be written in place, and let go of by
 * another thread, which the memory of an array must not.
 */
export function upload(shape: readonly number[], data: Float32Array | Int32Array): number {
  const addon = loadAddon();
  const source = feed(shape, data);
  const type = data instanceof Float32Array ? FLOAT : INT32;
  const [copy] = addon.executeOp(
    'DeepCopy',
    [{ name: 'T', type: addon.TF_ATTR_TYPE, value: type }],
    [source],
    1,
  );
  addon.deleteTensor(source);
  return (copy as { id: number }).id;
}

export function read(tensor: number): Float32Array | Int32Array {
  return loadAddon().tensorDataSync(tensor);
}

export function deleteTensors(tensors: readonly number[]): void {
  const addon = loadAddon();
  for (const tensor of tensors) addon.deleteTensor(tensor);
}

const names = new WeakMap<readonly string[], string>();

/** `a:0,b:0`; the lists of the steps stay the same, so each is joined once. */
function joined(list: readonly string[]): string {
  let text = names.get(list);
  if (text === undefined) {
    text = list.map((name) => `${name}:0`).join(',');
    names.set(list, text);
  }
  return text;
}
