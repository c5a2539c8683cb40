import type { SimdBackend } from './backend.ts';

/** Multiplications that make a second thread worth waking: some 5 us of work each. */
const MINIMUM_WORK = 65_536;

/** Up to this many rows, packing the weight costs more than it saves. */
const FEW_ROWS = 32;

type Product = {
  /** C is m x n, summed over k. */
  m: number;
  n: number;
  k: number;
  /** Address and element strides of A [m, k]. */
  a: { pointer: number; row: number; depth: number };
  /** Address and element strides of B [k, n]. */
  b: { pointer: number; depth: number; column: number };
  /** Address of C, rows one after the other. */
  c: number;
  /** Adds to what C holds. */
  accumulate?: boolean;
};

/** C (+)= A B, over the threads by rows, or by columns where there are few rows. */
export function multiplyMatrices(backend: SimdBackend, product: Product): void {
  const { m, n, k, a, b, c, accumulate = false } = product;
  const isContiguous = a.depth === 1 && a.row === k && b.depth === 1 && b.column === k;
  if (m <= FEW_ROWS && isContiguous && !accumulate) {
    backend.run({
      kernel: 'fewRowsTimesTransposed',
      units: n,
      cut: 2,
      minimum: Math.ceil(MINIMUM_WORK / (m * k)),
      args: [m, n, k, a.pointer, b.pointer, c],
    });
    return;
  }
  const byRows = m >= 64 || m >= n;
  const rest = [k, a.pointer, a.row, a.depth, b.pointer, b.depth, b.column, c, n, 1, accumulate ? 1 : 0];
  backend.run({
    kernel: byRows ? 'gemmByRows' : 'gemmByColumns',
    units: byRows ? m : n,
    cut: byRows ? 4 : 8,
    minimum: Math.ceil(MINIMUM_WORK / (k * (byRows ? n : m))),
    args: [byRows ? n : m, ...rest],
    scratchBytes: gemmScratchBytes(backend),
  });
}

/** Scratch that one thread needs for a matrix product. */
export function gemmScratchBytes(backend: SimdBackend): number {
  return backend.threads.constants.get('GEMM_SCRATCH_BYTES') as number;
}
