/**
 * A loaded graph and the values in its variables. Sessions do not share variables, so a value may lie in several programs; as
 * in the caches of processors, all copies are equal, and a program that is about to write takes the others away first.
 */

import { deleteTensors, Session } from './session.ts';
import { DONE, type Slot } from './trace.ts';

export type TracedGraph = { savedModel: Buffer; slots: Slot[]; numInputs: number; numOutputs: number };

export class Program {
  readonly slots: readonly Slot[];
  /** whose value each variable holds, by tfjs' data id; null where it holds none */
  readonly held: (object | null)[];
  /** variables with a value that nobody wants any more */
  readonly #stale = new Set<number>();
  readonly #session: Session;
  readonly #inputs: string[];
  readonly #outputs: string[];
  readonly #lists = new Map<string, string[]>();

  constructor(graph: TracedGraph) {
    this.#session = new Session(graph.savedModel);
    this.slots = graph.slots;
    this.held = graph.slots.map(() => null);
    this.#inputs = Array.from({ length: graph.numInputs }, (_, i) => `x${i}`);
    this.#outputs = [...Array.from({ length: graph.numOutputs }, (_, i) => `y${i}`), DONE];
  }

  /** One run of the step; gives its outputs. Variables must be there. */
  run(feeds: number[]): number[] {
    const outputs = this.#session.run(feeds, this.#inputs, this.#outputs);
    deleteTensors(outputs.slice(-1));
    return outputs.slice(0, -1);
  }

  /** The values of some variables, as tensors that share the variables' memory. */
  read(slots: number[]): number[] {
    return this.#session.run([], [], this.#names('read', slots));
  }

  /** Sets some variables; the tensors' memory becomes theirs. */
  assign(slots: number[], values: number[], dataIds: object[]): void {
    const done = this.#session.run(values, this.#names('value', slots), this.#names('assigned', slots));
    deleteTensors(done);
    slots.forEach((slot, i) => {
      this.held[slot] = dataIds[i] as object;
      this.#stale.delete(slot);
    });
  }

  /** Marks a value as unwanted; its memory is freed by `releaseStale`. */
  drop(slot: number): void {
    this.held[slot] = null;
    this.#stale.add(slot);
  }

  releaseStale(): void {
    if (this.#stale.size === 0) return;
    const slots = [...this.#stale].sort((a, b) => a - b);
    this.#stale.clear();
    deleteTensors(this.#session.run([], [], this.#names('released', slots)));
  }

  delete(): void {
    this.#session.delete();
  }

  /** TensorFlow prepares a run for each list of names, so equal lists are the same list. */
  #names(kind: string, slots: number[]): string[] {
    const key = `${kind}${slots}`;
    let list = this.#lists.get(key);
    if (!list) {
      list = slots.map((slot) => `${kind}${slot}`);
      this.#lists.set(key, list);
    }
    return list;
  }
}
