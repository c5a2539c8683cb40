import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { SharedHeap } from './heap.ts';

export const MAX_THREADS = 16;

// The first page of the memory. Words (Int32): one sequence number that starts a job, and for each helper the number of the
// last job whose share somebody took, the number it has finished, whether it sleeps, failed, is ready.
// A share is taken by the helper or, when that one has not begun by the time the calling thread is through with its own,
// by the calling thread (compare-and-exchange of TAKEN from the last number to this one): on a busy machine nobody waits
// for a thread that the system does not run. What is computed does not depend on who does it.
// The job (Float64): kernel number, number of
// arguments, scratch address, scratch bytes a thread, then lo and hi of each thread, then the arguments.
const LAYOUT = {
  SEQUENCE: 0,
  MAIN_ASLEEP: 1,
  DONE: 16,
  ASLEEP: 32,
  FAILED: 48,
  READY: 64,
  TAKEN: 80,
  words: 96,
  jobOffset: 1024,
  jobHeader: 4,
  maxThreads: MAX_THREADS,
  jobLength: 128,
  /** How long a thread looks for work before it sleeps: about 50 us, longer than the pause between two ops. */
  spins: 5000,
};

/** Bytes at address 0 that the threads use to talk. */
export const CONTROL_BYTES = LAYOUT.jobOffset + LAYOUT.jobLength * 8;

const ANSWER_TIMEOUT_MS = 60_000;

export type KernelCall = {
  kernel: string;
  /** How many units of work there are; see the kernel. */
  units: number;
  /** Threads get multiples of this many units. */
  cut?: number;
  /** A thread is not worth waking for less. */
  minimum: number;
  args: number[];
  /** Scratch bytes that one thread needs. */
  scratchBytes?: number;
};

/**
 * Runs kernels of the WebAssembly module, each split over the threads by units, statically: the calling thread does the
 * first part, helpers (`thread.mjs`) the others, and the call returns when all are done.
 */
export class ThreadTeam {
  readonly #heap: SharedHeap;
  readonly #module: WebAssembly.Module;
  readonly #kernels = new Map<string, { run: (...args: number[]) => void; number: number }>();
  readonly #words: Int32Array;
  readonly #job: Float64Array;
  /** Helper t is at t - 1. */
  #workers: Worker[] = [];
  /** Numbers that the module exports, such as scratch sizes. */
  readonly constants = new Map<string, number>();
  #sequence = 0;
  #scratch = { pointer: 0, capacity: 0 };
  #scratchBytes = 0;

  constructor(heap: SharedHeap) {
    this.#heap = heap;
    this.#module = new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));
    const { exports } = new WebAssembly.Instance(this.#module, { env: { memory: heap.memory } });
    let number = 0;
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value === 'function') {
        this.#kernels.set(name, { run: value as (...args: number[]) => void, number: number++ });
      } else {
        this.constants.set(name, (value as WebAssembly.Global).value as number);
      }
    }
    this.#words = heap.int32(0, LAYOUT.words);
    this.#job = heap.float64(LAYOUT.jobOffset, LAYOUT.jobLength);
  }

  /** How many threads work, the calling one included. */
  get size(): number {
    return this.#workers.length + 1;
  }

  /**
   * Sets how many threads work; starts helpers or ends them. Helpers do not keep Node alive.
   * @throws Error when a helper does not start
   */
  async resize(threads: number): Promise<void> {
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
      throw new Error(
        `simd backend: threads is ${threads}, expected a whole number from 1 to ${MAX_THREADS}`,
      );
    }
    const surplus = this.#workers.splice(threads - 1);
    await Promise.all(surplus.map((worker) => worker.terminate()));
    while (this.size < threads) {
      const worker = await this.#start(this.size);
      Atomics.store(this.#words, LAYOUT.TAKEN + this.size, this.#sequence);
      this.#workers.push(worker);
    }
    this.#reserveScratch(this.#scratchBytes);
  }

  run({ kernel, units, cut = 1, minimum, args, scratchBytes = 0 }: KernelCall): void {
    const entry = this.#kernels.get(kernel);
    if (!entry) throw new Error(`simd backend: kernel ${kernel} is not in kernels.wasm; run npm run kernels`);
    if (scratchBytes > this.#scratchBytes) this.#reserveScratch(scratchBytes);
    const pointer = this.#scratch.pointer;
    const threads = Math.min(this.size, Math.floor(units / Math.max(minimum, cut)));
    if (threads < 2) {
      entry.run(0, units, pointer, ...args);
      return;
    }
    const job = this.#job;
    job[0] = entry.number;
    job[1] = args.length;
    job[2] = pointer;
    job[3] = this.#scratchBytes;
    const share = Math.ceil(units / threads / cut) * cut;
    const rangeOf = (t: number): [number, number] => [
      Math.min(units, t * share),
      Math.min(units, (t + 1) * share),
    ];
    for (let t = 1; t < this.size; t++) job.set(rangeOf(t), LAYOUT.jobHeader + 2 * t);
    job.set(args, LAYOUT.jobHeader + 2 * MAX_THREADS);
    const previous = this.#sequence;
    const sequence = (previous + 1) | 0;
    this.#sequence = sequence;
    Atomics.store(this.#words, LAYOUT.SEQUENCE, sequence);
    for (let t = 1; t < this.size; t++) {
      if (Atomics.load(this.#words, LAYOUT.ASLEEP + t) === 1) {
        Atomics.notify(this.#words, LAYOUT.SEQUENCE);
        break;
      }
    }
    // Every share is taken and done before an error leaves: the next job may begin.
    let failure: unknown;
    const attempt = (work: () => void) => {
      try {
        work();
      } catch (error) {
        failure ??= error;
      }
    };
    const runShare = (t: number) => {
      const [lo, hi] = rangeOf(t);
      if (hi > lo) attempt(() => entry.run(lo, hi, pointer, ...args));
    };
    runShare(0);
    for (let t = 1; t < this.size; t++) {
      const before = Atomics.compareExchange(this.#words, LAYOUT.TAKEN + t, previous, sequence);
      if (before === previous) runShare(t);
      else attempt(() => this.#await(t, kernel));
    }
    if (failure) throw failure;
  }

  /** Waits until helper `t` has done the current job: looks for a while, then sleeps. */
  #await(t: number, kernel: string): void {
    const words = this.#words;
    const done = LAYOUT.DONE + t;
    for (let spins = 0; spins < LAYOUT.spins; spins++) {
      if (Atomics.load(words, done) === this.#sequence) break;
    }
    if (Atomics.load(words, done) !== this.#sequence) {
      Atomics.store(words, LAYOUT.MAIN_ASLEEP, 1);
      for (let seen = Atomics.load(words, done); seen !== this.#sequence; seen = Atomics.load(words, done)) {
        if (Atomics.wait(words, done, seen, ANSWER_TIMEOUT_MS) === 'timed-out') {
          throw new Error(`simd backend: thread ${t} has not answered in kernel ${kernel} for a minute`);
        }
      }
      Atomics.store(words, LAYOUT.MAIN_ASLEEP, 0);
    }
    if (Atomics.load(words, LAYOUT.FAILED + t) === 1) {
      Atomics.store(words, LAYOUT.FAILED + t, 0);
      throw new Error(`simd backend: thread ${t} failed in kernel ${kernel}`);
    }
  }

  #reserveScratch(bytes: number): void {
    this.#scratchBytes = Math.ceil(bytes / 64) * 64;
    const needed = this.#scratchBytes * this.size;
    if (needed <= this.#scratch.capacity) return;
    if (this.#scratch.capacity > 0) this.#heap.release(this.#scratch);
    this.#scratch = this.#heap.allocate(needed);
  }

  async #start(index: number): Promise<Worker> {
    Atomics.store(this.#words, LAYOUT.READY + index, 0);
    // A number that no job comes near: until the helper counts, it takes nothing.
    Atomics.store(this.#words, LAYOUT.TAKEN + index, (this.#sequence + 2 ** 30) | 0);
    const worker = new Worker(new URL('./thread.mjs', import.meta.url), {
      // Not the parent's loaders (tsx): the file is plain JavaScript and starts in a few milliseconds.
      execArgv: [],
      workerData: { module: this.#module, memory: this.#heap.memory, index, layout: LAYOUT },
    });
    await new Promise<void>((resolve, reject) => {
      const onExit = (code: number) =>
        reject(new Error(`simd backend: thread ${index} ended with code ${code} at its start`));
      worker.once('error', reject);
      worker.once('exit', onExit);
      // The helper never returns to its event loop, so it cannot post a message: look for its flag.
      const look = () => {
        if (Atomics.load(this.#words, LAYOUT.READY + index) === 0) {
          setTimeout(look, 1);
          return;
        }
        worker.off('error', reject);
        worker.off('exit', onExit);
        resolve();
      };
      look();
    });
    worker.unref();
    return worker;
  }
}
