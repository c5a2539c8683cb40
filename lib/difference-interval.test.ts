import { expect, test } from 'vitest';
import { differenceInterval } from './difference-interval.ts';

test('is that of Newcombe 1998, table II: 56/70 against 48/80 gives 0.0524 to 0.3339', () => {
  const wilson = (hits: number, n: number) => {
    const z = 1.959964;
    const share = hits / n;
    const middle = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
    const half = (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
    return { value: share, low: middle - half, high: middle + half };
  };
  const { low, high } = differenceInterval(wilson(56, 70), wilson(48, 80));
  expect(low).toBeCloseTo(0.0524, 4);
  expect(high).toBeCloseTo(0.3339, 4);
});
