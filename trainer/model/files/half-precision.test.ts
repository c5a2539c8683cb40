import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { narrowToBF16, narrowToF16, widenBF16, widenF16 } from './half-precision.ts';

const VALUES = [
  1,
  1.00390625,
  1.01171875,
  Math.PI,
  1e-40,
  65_519,
  65_520,
  6e-8,
  2.98e-8,
  -0,
  3.4e38,
  1e-45,
  0.1,
  -123.456,
];

it("rounds as torch's conversion does", () => {
  // torch 2.13.0: torch.tensor(VALUES).to(torch.bfloat16).view(torch.int16), and the same with torch.float16
  expect([...narrowToBF16(Float32Array.from(VALUES))]).toEqual([
    0x3f80, 0x3f80, 0x3f82, 0x4049, 0x1, 0x4780, 0x4780, 0x3381, 0x3300, 0x8000, 0x7f80, 0, 0x3dcd, 0xc2f7,
  ]);
  expect([...narrowToF16(Float32Array.from(VALUES))]).toEqual([
    0x3c00, 0x3c04, 0x3c0c, 0x4248, 0, 0x7bff, 0x7c00, 1, 0, 0x8000, 0x7c00, 0, 0x2e66, 0xd7b7,
  ]);
});

it.each([
  ['F16', widenF16, narrowToF16],
  ['BF16', widenBF16, narrowToBF16],
] as const)('%s: every 16-bit value comes back, NaN as NaN', (_name, widen, narrow) => {
  const all = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const wide = widen(all);
  const again = narrow(wide);
  for (const [i, half] of all.entries()) {
    if (Number.isNaN(wide[i])) expect(widen(again.subarray(i, i + 1))[0]).toBeNaN();
    else expect(again[i]).toBe(half);
  }
});

it.each([
  ['F16', widenF16, narrowToF16],
  ['BF16', widenBF16, narrowToBF16],
] as const)('%s: no other 16-bit value is nearer', (_name, widen, narrow) => {
  void fc.assert(
    fc.property(fc.float({ min: -60_000, max: 60_000, noNaN: true }), (value) => {
      const half = narrow(Float32Array.of(value))[0] as number;
      const near = widen(Uint16Array.of(half, half === 0 || half === 0x8000 ? half : half - 1, half + 1));
      const distance = (i: number) => Math.abs((near[i] as number) - value);
      expect(distance(0)).toBeLessThanOrEqual(Math.min(distance(1), distance(2)));
    }),
  );
});
