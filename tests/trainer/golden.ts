/** Golden tensors of the Python ecosystem (`../shared/spec/fixtures`) and how tests compare with them. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import { positionsFromMask } from '../../trainer/model/positions.ts';
import type { HostTensor } from '../../trainer/tensors/compile.ts';
import { sharedPath } from '../support/shared-data.ts';

export type Golden = {
  floats(name: string): Float32Array;
  ints(name: string): Int32Array;
  /** of the tensors */
  names: string[];
  scalars: Record<string, unknown>;
};

/** The tensors of `<name>.safetensors` and the numbers of `<name>.json`, or null where the fixtures are absent. */
export function readGolden(name: string): Golden | null {
  const tensorsPath = sharedPath('spec', 'fixtures', `${name}.safetensors`);
  const scalarsPath = sharedPath('spec', 'fixtures', `${name}.json`);
  if (!tensorsPath || !scalarsPath) return null;
  const tensors = readSafetensors(tensorsPath);
  const data = (key: string): HostTensor['data'] => {
    const tensor = tensors.get(key);
    if (!tensor) throw new Error(`fixture ${name} has no tensor ${key}`);
    return tensor.data;
  };
  return {
    floats: (key) => data(key) as Float32Array,
    ints: (key) => data(key) as Int32Array,
    names: [...tensors.keys()],
    scalars: JSON.parse(readFileSync(scalarsPath, 'utf8')),
  };
}

/** Host inputs of a forward pass over `ids` [B, T]; without mask every token is real. */
export function tokenInputs(
  ids: Int32Array,
  time: number,
  mask: Int32Array = new Int32Array(ids.length).fill(1),
) {
  const shape = [ids.length / time, time];
  return {
    idsBT: { shape, data: ids },
    maskBT: { shape, data: mask },
    positionsBT: { shape, data: positionsFromMask(mask, time) },
  };
}

/** Largest absolute difference, over the rows (of `width` values) whose mask is 1 where a mask is given. */
export function maxDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  rows?: { mask: Int32Array; width: number },
): number {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (rows && rows.mask[Math.floor(i / rows.width)] === 0) continue;
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    // NaN compares false with everything: it must not pass as a small difference
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** Largest absolute difference relative to the largest expected magnitude. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return (
    maxDifference(actual, expected) /
    Array.from(expected).reduce((top, value) => Math.max(top, Math.abs(value)), 0)
  );
}
