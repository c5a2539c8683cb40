// A helper thread of the simd backend: waits for work in the shared memory and runs its share of it. Plain JavaScript,
// because a worker starts without tsx or vitest. The layout of the words and the protocol are described in threads.ts.
import { workerData } from 'node:worker_threads';

const { module, memory, index, layout } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const kernels = Object.keys(exports)
  .filter((name) => typeof exports[name] === 'function')
  .map((name) => exports[name]);
const words = new Int32Array(memory.buffer, 0, layout.words);
const job = new Float64Array(memory.buffer, layout.jobOffset, layout.jobLength);
const { SEQUENCE, TAKEN, DONE, ASLEEP, FAILED, MAIN_ASLEEP } = layout;

let last = Atomics.load(words, SEQUENCE);
Atomics.store(words, DONE + index, last);
Atomics.store(words, ASLEEP + index, 0);
Atomics.store(words, layout.READY + index, 1);

for (;;) {
  let spins = 0;
  while (Atomics.load(words, SEQUENCE) === last) {
    if (++spins > layout.spins) {
      Atomics.store(words, ASLEEP + index, 1);
      Atomics.wait(words, SEQUENCE, last);
      Atomics.store(words, ASLEEP + index, 0);
      spins = 0;
    }
  }
  last = Atomics.load(words, SEQUENCE);
  const previous = (last - 1) | 0;
  if (Atomics.compareExchange(words, TAKEN + index, previous, last) !== previous) continue;
  try {
    const lo = job[layout.jobHeader + 2 * index];
    const hi = job[layout.jobHeader + 2 * index + 1];
    if (hi > lo) {
      const scratch = job[2] + index * job[3];
      const first = layout.jobHeader + 2 * layout.maxThreads;
      kernels[job[0]](lo, hi, scratch, ...job.subarray(first, first + job[1]));
    }
  } catch {
    // A trap must not leave the main thread waiting; it throws on seeing the flag.
    Atomics.store(words, FAILED + index, 1);
  }
  Atomics.store(words, DONE + index, last);
  if (Atomics.load(words, MAIN_ASLEEP) === 1) Atomics.notify(words, DONE + index);
}
