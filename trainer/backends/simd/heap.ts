/** A piece of the shared memory: its address and how many bytes it really has. */
export type Block = { pointer: number; capacity: number };

const PAGE_BYTES = 65536;
/** Tensors start on cache lines, so that two threads never write to the same one. */
const ALIGNMENT = 64;
const MEBIBYTE = 2 ** 20;

/**
 * Allocator over one shared WebAssembly.Memory. Sizes are rounded up to eight classes an octave, freed blocks wait in a
 * list of their class. Before the memory grows, free neighbours are joined to holes that any size is cut from: an evaluation with
 * other shapes than training finds room in what training left. A grown shared memory leaves old views valid.
 */
export class SharedHeap {
  readonly memory: WebAssembly.Memory;
  readonly #maximumBytes: number;
  readonly #free = new Map<number, number[]>();
  /** what joining left and no block was cut from yet; in no order */
  #holes: Block[] = [];
  #buffer: SharedArrayBuffer;
  #top: number;
  #usedBytes = 0;

  /** @param reservedBytes at address 0 that are never handed out */
  constructor({ maximumMb, reservedBytes }: { maximumMb: number; reservedBytes: number }) {
    if (!(maximumMb >= 16 && maximumMb <= 4096)) {
      throw new Error(`simd backend: memoryMb is ${maximumMb}, expected 16 to 4096`);
    }
    this.#maximumBytes = Math.floor(maximumMb) * MEBIBYTE;
    this.memory = new WebAssembly.Memory({
      initial: (16 * MEBIBYTE) / PAGE_BYTES,
      maximum: this.#maximumBytes / PAGE_BYTES,
      shared: true,
    });
    this.#buffer = this.memory.buffer as unknown as SharedArrayBuffer;
    this.#top = Math.ceil(reservedBytes / ALIGNMENT) * ALIGNMENT;
  }

  /** Bytes in use by tensors, and bytes taken from the system. */
  get usage(): { usedBytes: number; heapBytes: number } {
    return { usedBytes: this.#usedBytes, heapBytes: this.#buffer.byteLength };
  }

  /** @throws Error naming the size when the memory is full */
  allocate(bytes: number): Block {
    const capacity = sizeClass(bytes);
    const block =
      this.#reuse(capacity) ??
      this.#cut(capacity) ??
      this.#extend(capacity, this.#buffer.byteLength) ??
      this.#joinAndCut(capacity) ??
      this.#extend(capacity, this.#maximumBytes);
    if (!block) {
      const mb = (count: number) => `${(count / MEBIBYTE).toFixed(1)} MB`;
      throw new Error(
        `simd backend: no room for a tensor of ${mb(bytes)}: ${mb(this.#usedBytes)} of ${mb(this.#maximumBytes)} are in use. ` +
          'A smaller batch or shorter sequences need less; a step that leaks tensors needs ever more.',
      );
    }
    this.#usedBytes += block.capacity;
    return block;
  }

  release({ pointer, capacity }: Block): void {
    this.#usedBytes -= capacity;
    const list = this.#free.get(capacity);
    if (list) list.push(pointer);
    else this.#free.set(capacity, [pointer]);
  }

  float32(pointer: number, length: number): Float32Array {
    return new Float32Array(this.#buffer as unknown as ArrayBuffer, pointer, length);
  }

  int32(pointer: number, length: number): Int32Array {
    return new Int32Array(this.#buffer as unknown as ArrayBuffer, pointer, length);
  }

  float64(pointer: number, length: number): Float64Array {
    return new Float64Array(this.#buffer as unknown as ArrayBuffer, pointer, length);
  }

  #reuse(capacity: number): Block | undefined {
    const pointer = this.#free.get(capacity)?.pop();
    return pointer === undefined ? undefined : { pointer, capacity };
  }

  /** From what was never handed out, up to `limit`. */
  #extend(capacity: number, limit: number): Block | undefined {
    const end = this.#top + capacity;
    if (end > limit) return undefined;
    if (end > this.#buffer.byteLength) {
      // An eighth more than needed, so that a growing program does not ask for each tensor.
      if (!this.#grow(Math.min(this.#maximumBytes, end * 1.125)) && !this.#grow(end)) return undefined;
      this.#buffer = this.memory.buffer as unknown as SharedArrayBuffer;
    }
    const pointer = this.#top;
    this.#top = end;
    return { pointer, capacity };
  }

  /** Grows the memory to at least `bytes`; false when the system gives no more. */
  #grow(bytes: number): boolean {
    try {
      this.memory.grow(Math.ceil((bytes - this.#buffer.byteLength) / PAGE_BYTES));
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** From the smallest hole that is large enough; the rest stays a hole. */
  #cut(capacity: number): Block | undefined {
    let best = -1;
    let bestCapacity = Number.POSITIVE_INFINITY;
    for (const [i, hole] of this.#holes.entries()) {
      if (hole.capacity >= capacity && hole.capacity < bestCapacity) {
        best = i;
        bestCapacity = hole.capacity;
      }
    }
    const hole = this.#holes[best];
    if (!hole) return undefined;
    const { pointer } = hole;
    if (hole.capacity === capacity) this.#holes.splice(best, 1);
    else this.#holes[best] = { pointer: pointer + capacity, capacity: hole.capacity - capacity };
    return { pointer, capacity };
  }

  /** Joins free neighbours; what lies free at the top is as if it was never handed out. */
  #joinAndCut(capacity: number): Block | undefined {
    const free = [...this.#free].flatMap(([size, pointers]) =>
      pointers.map((pointer) => ({ pointer, capacity: size })),
    );
    const joined: Block[] = [];
    for (const block of [...free, ...this.#holes].sort((a, b) => a.pointer - b.pointer)) {
      const last = joined.at(-1);
      if (last && last.pointer + last.capacity === block.pointer) last.capacity += block.capacity;
      else joined.push({ ...block });
    }
    const last = joined.at(-1);
    if (last && last.pointer + last.capacity === this.#top) {
      this.#top = last.pointer;
      joined.pop();
    }
    this.#free.clear();
    this.#holes = joined;
    return this.#cut(capacity) ?? this.#extend(capacity, this.#buffer.byteLength);
  }
}

function sizeClass(bytes: number): number {
  // 16 bytes of padding: flat kernels work on whole vectors of 4 elements.
  const padded = Math.max(ALIGNMENT, bytes + 16);
  const step = Math.max(ALIGNMENT, 2 ** Math.floor(Math.log2(padded)) / 8);
  return Math.ceil(padded / step) * step;
}
