import { expect, test } from 'vitest';
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
  // No block of this class is free, but a larger one is.
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
