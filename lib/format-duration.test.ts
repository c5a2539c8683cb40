import { expect, test } from 'vitest';
import { formatDuration } from './format-duration.ts';

test.each([
  [0.4, 'under a second'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [185, '3 min 5 s'],
  [7800, '2 h 10 min'],
  // rounded before it is split, or this would be 1 h 60 min
  [7199, '2 h 0 min'],
  [Number.POSITIVE_INFINITY, 'unknown'],
  [-1, 'unknown'],
])('%s seconds is %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
