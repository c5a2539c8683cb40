import { describe, expect, it } from 'vitest';
import { bucketWidth, packedBatch } from './token-batch.ts';

describe('bucketWidth', () => {
  it('rounds up to steps that grow with the length', () => {
    const cases = [
      [1, 8],
      [8, 8],
      [9, 16],
      [64, 64],
      [65, 80],
      [128, 128],
      [129, 160],
      [257, 320],
      [1024, 1024],
    ] as const;
    for (const [length, width] of cases) expect(bucketWidth(length)).toBe(width);
  });

  it('gives few widths, none too narrow, none more than a quarter too wide beyond 32', () => {
    const widths = new Set<number>();
    for (let length = 1; length <= 1024; length++) {
      const width = bucketWidth(length);
      expect(width).toBeGreaterThanOrEqual(length);
      expect(bucketWidth(width)).toBe(width);
      if (length > 32) expect(width / length).toBeLessThan(1.25);
      widths.add(width);
    }
    expect(widths.size).toBe(24);
  });
});

describe('packedBatch', () => {
  it('has what rows begin with once, and says where each token went', () => {
    const rows = [
      [5, 6, 7, 1],
      [5, 6, 8],
      [9, 6],
      [5, 6, 7, 1],
    ];
    const { arrays, rowOf } = packedBatch(rows, { padTokenId: 0, pack: true });
    // 5 6 7 1, then 8 after 5 6, then 9 6: the 6 after 9 is another one
    expect([...(arrays.placeOfN?.data ?? [])].slice(0, 7)).toEqual([0, 1, 2, 3, 10, 16, 17]);
    expect(arrays.placeOfN?.shape).toEqual([8]);
    expect(rows.map((ids, b) => ids.map((_, t) => rowOf(b, t)))).toEqual([
      [0, 1, 2, 3],
      [0, 1, 4],
      [5, 6],
      [0, 1, 2, 3],
    ]);
    rows.forEach((ids, b) => {
      ids.forEach((id, t) => {
        expect(arrays.idsBT.data[arrays.placeOfN?.data[rowOf(b, t)] as number]).toBe(id);
        expect(arrays.tokenOfBT?.data[b * 8 + t]).toBe(rowOf(b, t));
      });
    });
  });

  it('is the padded batch where packing is not worth it', () => {
    const { arrays, numTokens } = packedBatch(
      [
        [5, 6],
        [5, 6, 7],
      ],
      { padTokenId: 0, pack: false },
    );
    expect(Object.keys(arrays)).toEqual(['idsBT', 'maskBT', 'positionsBT']);
    expect(numTokens).toBe(16);
  });

  it('leaves full rows that have nothing in common as they are', () => {
    const { arrays, rowOf } = packedBatch(
      [Array.from({ length: 16 }, () => 5), Array.from({ length: 15 }, () => 6)],
      { padTokenId: 0, pack: true },
    );
    expect(arrays.placeOfN).toBeUndefined();
    expect(arrays.tokenOfBT).toBeUndefined();
    expect(rowOf(1, 3)).toBe(19);
  });
});
