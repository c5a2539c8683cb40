import { expect, test } from 'vitest';
import { createRng } from '../../../lib/rng.ts';
import { SharedHeap } from './heap.ts';

test('blocks do not overlap, are aligned, and are used again', () => {
  const heap = new SharedHeap({ maximumMb: 64, reservedBytes: 100 });
  const blocks = [1, 3, 64, 1000, 70_000].map((bytes) => ({ bytes, ...heap.allocate(bytes) }));
  blocks.forEach(({ pointer, capacity, bytes }, i) => {
    expect(pointer % 64).toBe(0);
    expect(pointer).toBeGreaterThanOrEqual(100);
    expect(capacity).toBeGreaterThanOrEqual(bytes + 16);
    const next = blocks[i + 1];
    if (next) expect(next.pointer).toBeGreaterThanOrEqual(pointer + capacity);
  });
  const third = blocks[2] as (typeof blocks)[number];
  heap.release(third);
  expect(heap.allocate(60).pointer).toBe(third.pointer);
});

test('grows with its views intact, and throws naming the size when full', () => {
  const heap = new SharedHeap({ maximumMb: 64, reservedBytes: 0 });
  const small = heap.allocate(16);
  const view = heap.float32(small.pointer, 4);
  view.set([1, 2, 3, 4]);
  expect(heap.usage.heapBytes).toBe(16 * 2 ** 20);
  const large = heap.allocate(30 * 2 ** 20);
  expect(heap.usage.heapBytes).toBeGreaterThan(30 * 2 ** 20);
  expect([...heap.float32(small.pointer, 4)]).toEqual([1, 2, 3, 4]);
  view[0] = 9;
  expect(heap.float32(small.pointer, 4)[0]).toBe(9);
  expect(() => heap.allocate(40 * 2 ** 20)).toThrow(
    /no room for a tensor of 40\.0 MB: 3\d\.\d MB of 64\.0 MB are in use/,
  );
  heap.release(large);
  // No block of this class is free, but the room of a larger one is.
  const reused = heap.allocate(28 * 2 ** 20);
  heap.allocate(20 * 2 ** 20);
  expect(heap.usage.usedBytes).toBeLessThanOrEqual(64 * 2 ** 20);
  heap.release(reused);
  expect(heap.allocate(25 * 2 ** 20).capacity).toBeGreaterThanOrEqual(25 * 2 ** 20);
});

test('refuses senseless sizes', () => {
  expect(() => new SharedHeap({ maximumMb: 8000, reservedBytes: 0 })).toThrow(
    /memoryMb is 8000, expected 16 to 4096/,
  );
});

test('what small tensors leave has room for a large one, without more from the system', () => {
  const heap = new SharedHeap({ maximumMb: 64, reservedBytes: 0 });
  const small = Array.from({ length: 500 }, () => heap.allocate(100_000));
  const { heapBytes } = heap.usage;
  for (const block of small) heap.release(block);
  const large = heap.allocate(40 * 2 ** 20);
  expect(heap.usage.heapBytes).toBe(heapBytes);
  heap.release(large);
  expect(heap.allocate(60 * 2 ** 20).pointer).toBe(0);
});

test('whatever is taken and given back in whatever order, no two blocks share a byte and nothing is lost', () => {
  const rng = createRng(1, 'heap');
  const heap = new SharedHeap({ maximumMb: 16, reservedBytes: 0 });
  const live: { pointer: number; capacity: number }[] = [];
  for (let step = 0; step < 5000; step++) {
    const isRoom = heap.usage.usedBytes < 8 * 2 ** 20;
    if (isRoom && rng.uniform() < 0.6) {
      const block = heap.allocate(1 + rng.integer(2 ** (4 + rng.integer(14))));
      const overlaps = live.some(
        ({ pointer, capacity }) =>
          block.pointer < pointer + capacity && pointer < block.pointer + block.capacity,
      );
      expect(overlaps).toBe(false);
      live.push(block);
    } else if (live.length > 0) {
      const [block] = live.splice(rng.integer(live.length), 1);
      if (block) heap.release(block);
    }
  }
  for (const block of live) heap.release(block);
  expect(heap.usage.usedBytes).toBe(0);
  expect(heap.allocate(14 * 2 ** 20).pointer).toBe(0);
});
