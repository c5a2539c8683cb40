import { collectGarbage } from '../../tensors/memory.ts';
import type { Variable } from '../../tensors/tf.ts';
import type { Program } from './program.ts';
import { deleteTensors, read, upload } from './session.ts';

/** Programs kept at a time; the one unused for longest goes first. */
const MOST_PROGRAMS = 48;
/** Variables read back in one go: each list of names costs TensorFlow a preparation, one long list much memory. */
const READ_AT_ONCE = 32;

/**
 * Bytes on the host that are but copies of what a program holds: enough to serve the neighbours of the last few reads, which come in
 * the order of names. A checkpoint reads all weights and moments; kept, these would be as much again as training holds.
 */
const MOST_COPIES = 2 ** 28;

/** Bytes of arrays let go of from which on their memory is given back at once. */
const WORTH_COLLECTING = 2 ** 26;

type Place = { program: Program; slot: number };
/** What the backend keeps of a tensor on the host. */
export type HostSide = {
  shape(dataId: object): readonly number[];
  values(dataId: object): Float32Array | Int32Array;
  setValues(dataId: object, values: Float32Array | Int32Array): void;
  forget(dataId: object): void;
};

/** Knows in which programs, and whether on the host, the current value of each variable lies, and moves it where it is needed. */
export class Residency {
  readonly #host: HostSide;
  readonly #places = new Map<object, Place[]>();
  /** data whose values on the host are out of date */
  readonly #onlyInPrograms = new Set<object>();
  readonly #programs = new Map<string, Program[]>();
  /** least recently used first */
  readonly #used = new Set<Program>();
  /** data whose values on the host are but a copy of what a program holds, to be let go of; the oldest first */
  readonly #copies = new Set<object>();

  readonly #mostCopies: number;
  /** bytes of arrays let go of since memory was given back */
  #uncollected = 0;

  constructor(host: HostSide, mostCopies = MOST_COPIES) {
    this.#host = host;
    this.#mostCopies = mostCopies;
  }

  isOnHost(dataId: object): boolean {
    return !this.#onlyInPrograms.has(dataId);
  }

  get numPrograms(): number {
    return this.#used.size;
  }

  /**
   * A program of this content whose variables can hold the given ones without putting others out: the same step of a frozen
   * copy gets a program of its own, a new key/value cache takes the place of one that is gone.
   */
  programFor(content: string, variables: readonly Variable[], load: () => Program): Program {
    const programs = this.#programs.get(content) ?? [];
    this.#programs.set(content, programs);
    let best: Program | undefined;
    let most = -1;
    for (const program of programs) {
      let same = 0;
      const fits = program.held.every((held, i) => {
        if (held !== null && held === variables[i]?.dataId) same++;
        else if (held !== null) return false;
        return true;
      });
      if (fits && same > most) [best, most] = [program, same];
    }
    if (!best) {
      this.#makeRoom();
      best = load();
      programs.push(best);
    }
    this.#used.delete(best);
    this.#used.add(best);
    return best;
  }

  /**
   * Brings the current values of the variables into a program and takes away the copies of those that it will write, on the
   * host too.
   */
  prepare(program: Program, variables: readonly Variable[]): void {
    let freed = 0;
    const moves: { slot: number; dataId: object; value: number }[] = [];
    const uploaded: object[] = [];
    const wanted = new Map<Program, { from: number[]; slots: number[]; dataIds: object[] }>();
    variables.forEach(({ dataId }, slot) => {
      if (program.held[slot] === dataId) return;
      const place = this.#places.get(dataId)?.[0];
      if (!place) {
        const value = upload(this.#host.shape(dataId), this.#host.values(dataId));
        moves.push({ slot, dataId, value });
        uploaded.push(dataId);
        return;
      }
      const list = wanted.get(place.program) ?? { from: [], slots: [], dataIds: [] };
      wanted.set(place.program, list);
      list.from.push(place.slot);
      list.slots.push(slot);
      list.dataIds.push(dataId);
    });
    for (const [source, { from, slots, dataIds }] of wanted) {
      source.read(from).forEach((value, i) => {
        moves.push({ slot: slots[i] as number, dataId: dataIds[i] as object, value });
      });
    }
    if (moves.length > 0) {
      moves.sort((a, b) => a.slot - b.slot);
      const values = moves.map(({ value }) => value);
      const dataIds = moves.map(({ dataId }) => dataId);
      program.assign(
        moves.map(({ slot }) => slot),
        values,
        dataIds,
      );
      deleteTensors(values);
      for (const { slot, dataId } of moves) this.#placesOf(dataId).push({ program, slot });
    }
    variables.forEach(({ dataId }, slot) => {
      if (!program.slots[slot]?.isWritten) return;
      const places = this.#placesOf(dataId);
      for (const place of places) if (place.program !== program) place.program.drop(place.slot);
      this.#places.set(dataId, [{ program, slot }]);
      this.#copies.delete(dataId);
      if (this.#onlyInPrograms.has(dataId)) return;
      this.#onlyInPrograms.add(dataId);
      freed += 4 * this.#host.values(dataId).length;
      this.#host.forget(dataId);
    });
    for (const other of this.#used) other.releaseStale();
    // of what is not written, a frozen base for one, the host has a copy too
    for (const dataId of uploaded) if (this.isOnHost(dataId)) this.#copies.add(dataId);
    freed += this.#forgetCopies(null);
    // arrays of a large model would lie there during the first step, which needs the memory most
    if (freed >= WORTH_COLLECTING) collectGarbage();
  }

  /** Makes sure that a value is on the host and stays there, for a kernel that is about to compute with it. */
  bring(dataId: object): void {
    this.fetch(dataId);
    this.#copies.delete(dataId);
  }

  /**
   * Reads a value back to the host, and its neighbours with it: who asks for one asks for all. What was read back long before is
   * let go of; who has its array keeps it.
   */
  fetch(dataId: object): void {
    const place = this.#places.get(dataId)?.[0];
    if (!place || this.isOnHost(dataId)) return;
    const { program, slot } = place;
    const first = slot - (slot % READ_AT_ONCE);
    const slots: number[] = [];
    for (let i = first; i < Math.min(first + READ_AT_ONCE, program.held.length); i++) {
      const held = program.held[i];
      if (held && this.#onlyInPrograms.has(held)) slots.push(i);
    }
    const values = program.read(slots);
    slots.forEach((other, i) => {
      const held = program.held[other] as object;
      this.#host.setValues(held, read(values[i] as number));
      this.#onlyInPrograms.delete(held);
      this.#copies.add(held);
    });
    deleteTensors(values);
    this.#uncollected += this.#forgetCopies(dataId);
    // a checkpoint reads without a pause in which V8 would see what it has piled up
    if (this.#uncollected >= MOST_COPIES) {
      this.#uncollected = 0;
      collectGarbage();
    }
  }

  /** Lets go of copies until few are left, the first first, but never of the one that was asked for. @returns bytes */
  #forgetCopies(asked: object | null): number {
    const bytesOf = (dataId: object) => 4 * this.#host.values(dataId).length;
    const bytes = [...this.#copies].reduce((sum, dataId) => sum + bytesOf(dataId), 0);
    let freed = 0;
    for (const dataId of this.#copies) {
      if (bytes - freed <= this.#mostCopies) break;
      if (dataId === asked) continue;
      freed += bytesOf(dataId);
      this.#copies.delete(dataId);
      this.#onlyInPrograms.add(dataId);
      this.#host.forget(dataId);
    }
    return freed;
  }

  /** The tensor is gone. */
  dispose(dataId: object): void {
    for (const { program, slot } of this.#places.get(dataId) ?? []) program.drop(slot);
    this.#places.delete(dataId);
    this.#onlyInPrograms.delete(dataId);
    this.#copies.delete(dataId);
  }

  #placesOf(dataId: object): Place[] {
    const places = this.#places.get(dataId) ?? [];
    this.#places.set(dataId, places);
    return places;
  }

  #makeRoom(): void {
    if (this.#used.size < MOST_PROGRAMS) return;
    const [oldest] = this.#used;
    if (!oldest) return;
    for (const dataId of oldest.held) {
      if (!dataId) continue;
      const places = this.#placesOf(dataId);
      if (places.length === 1) this.bring(dataId);
      this.#places.set(
        dataId,
        places.filter(({ program }) => program !== oldest),
      );
      if (places.length === 1) this.#places.delete(dataId);
    }
    oldest.delete();
    this.#used.delete(oldest);
    for (const programs of this.#programs.values()) {
      const index = programs.indexOf(oldest);
      if (index >= 0) programs.splice(index, 1);
    }
  }
}
