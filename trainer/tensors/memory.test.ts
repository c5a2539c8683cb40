import { expect, test } from 'vitest';
import { chooseBackend } from '../backends/choose.ts';
import { guardTensorCount } from './memory.ts';
import { tf } from './tf.ts';

test('a step may keep what it made at first, later steps nothing', async () => {
  await chooseBackend('cpu');
  const check = guardTensorCount();
  const kept = tf.scalar(1);
  check(1);
  tf.add(kept, 1).dispose();
  check(2);
  const leaks = [tf.scalar(2), tf.scalar(3)];
  expect(() => check(3)).toThrow(/step 3 left 2 tensors behind: \d+ before, \d+ now/);
  tf.dispose([kept, ...leaks]);
  expect(() => check(4)).not.toThrow();
});
