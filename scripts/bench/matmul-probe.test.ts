import { expect, it } from 'vitest';
import { FLOAT32_ERROR, PROBE_SIZE, probeMatrices, productError } from './matmul-probe.ts';
import { exactSettings } from './peer-settings.ts';

it('the probe tells a float32 product from one whose inputs were rounded to bfloat16', () => {
  const { left, right } = probeMatrices();
  const factors = { left: left.data, right: right.data };
  const product = (round: (value: number) => number): Float32Array => {
    const [a, b] = [left, right].map(({ data }) => Float32Array.from(data, round)) as [
      Float32Array,
      Float32Array,
    ];
    const result = new Float32Array(PROBE_SIZE ** 2);
    for (let i = 0; i < PROBE_SIZE; i++)
      for (let k = 0; k < PROBE_SIZE; k++) {
        const factor = a[i * PROBE_SIZE + k] as number;
        for (let j = 0; j < PROBE_SIZE; j++)
          (result[i * PROBE_SIZE + j] as number) += factor * (b[k * PROBE_SIZE + j] as number);
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
      factors,
      PROBE_SIZE,
    ),
  ).toBeLessThan(FLOAT32_ERROR / 3);
  expect(productError(product(bfloat16), factors, PROBE_SIZE)).toBeGreaterThan(FLOAT32_ERROR * 10);
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
