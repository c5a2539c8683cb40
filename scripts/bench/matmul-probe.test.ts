import { expect, it } from 'vitest';
import { FLOAT32_ERROR, probeMatrices, productError } from './matmul-probe.ts';
import { exactSettings } from './peer-settings.ts';

/** A corner of the probe's numbers is enough here. */
const SIZE = 128;

it('the probe tells a float32 product from one whose inputs were rounded to bfloat16', () => {
  const whole = probeMatrices();
  const left = whole.left.data.slice(0, SIZE ** 2);
  const right = whole.right.data.slice(0, SIZE ** 2);
  const product = (round: (value: number) => number): Float32Array => {
    const [a, b] = [left, right].map((data) => Float32Array.from(data, round)) as [
      Float32Array,
      Float32Array,
    ];
    const result = new Float32Array(SIZE ** 2);
    for (let i = 0; i < SIZE; i++)
      for (let k = 0; k < SIZE; k++) {
        const factor = a[i * SIZE + k] as number;
        for (let j = 0; j < SIZE; j++)
          (result[i * SIZE + j] as number) += factor * (b[k * SIZE + j] as number);
      }
    return result;
  };
  const bits = new Int32Array(1);
  const value = new Float32Array(bits.buffer);
  const bfloat16 = (x: number): number => {
    value[0] = x;
    bits[0] = ((bits[0] as number) + 0x8000) & 0xffff0000;
    return value[0] as number;
  };
  expect(
    productError(
      product((x) => x),
      { left, right },
      SIZE,
    ),
  ).toBeLessThan(FLOAT32_ERROR / 3);
  expect(productError(product(bfloat16), { left, right }, SIZE)).toBeGreaterThan(FLOAT32_ERROR * 10);
});

it('a setting that is not exact, or was not measured, is left out with its error', () => {
  const settings = [
    { name: 'as installed', env: {} },
    { name: 'medium', env: {} },
  ];
  const { settings: kept, notes } = exactSettings(settings, { 'as installed': 5e-7, medium: 2.3e-3 });
  expect(kept.map(({ name }) => name)).toEqual(['as installed']);
  expect(notes).toEqual([
    'medium is no float32 peer here: its products err by 2.3e-3, float32 by less than 1e-5',
  ]);
  expect(exactSettings(settings, { 'as installed': 5e-7 }).settings).toHaveLength(1);
});
