import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padRows } from './pad.ts';

const table = (ids: Int32Array, length: number) =>
  Array.from({ length: ids.length / length }, (_, b) => [...ids.slice(b * length, (b + 1) * length)]);

describe('padRows', () => {
  it('makes the batch of the TRL preference collator: chosen rows, then rejected rows', () => {
    const { ids, mask, length } = padRows([[1, 2, 3], [6, 7], [4, 5], [8]], { padId: 0 });
    expect(table(ids, length)).toEqual([
      [1, 2, 3],
      [6, 7, 0],
      [4, 5, 0],
      [8, 0, 0],
    ]);
    expect(table(mask, length)).toEqual([
      [1, 1, 1],
      [1, 1, 0],
      [1, 1, 0],
      [1, 0, 0],
    ]);
  });

  const vectors = new URL('../../../shared/spec/vectors.json', import.meta.url).pathname;
  it.skipIf(!existsSync(vectors))('agrees with the golden vector "collator"', () => {
    const { collator } = JSON.parse(readFileSync(vectors, 'utf8'));
    const { ids, length } = padRows([...collator.chosen, ...collator.rejected], { padId: collator.pad });
    expect(table(ids, length)).toEqual(collator.expected);
  });

  it('pads on the left with the mask where the tokens are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 6 }), { minLength: 1 }),
        fc.constantFrom('left' as const, 'right' as const),
        (rows, side) => {
          const { ids, mask, length } = padRows(rows, { padId: 0, side, length: 7 });
          rows.forEach((row, b) => {
            const at = b * length;
            expect([...ids.slice(at, at + length)].filter((_, t) => mask[at + t] === 1)).toEqual(row);
            if (row.length > 0) expect(mask[side === 'left' ? at + length - 1 : at]).toBe(1);
          });
        },
      ),
    );
  });

  it('takes no rows, and refuses a row that does not fit', () => {
    expect(padRows([], { padId: 0 })).toMatchObject({ numRows: 0, length: 0 });
    expect(() => padRows([[1, 2, 3]], { padId: 0, length: 2 })).toThrow(/3 tokens, more than the 2/);
  });
});
