// Matrix product with strides for both operands, so that one kernel serves every transpose and head-strided attention
// without moving data first: panels of A and B are packed into contiguous scratch, a 4 x 8 tile of C lives in registers.
import { at, multiplyAdd } from './vector';

/** Rows and columns of the tile of C that stays in registers. */
const TILE_ROWS: i32 = 4;
const TILE_COLUMNS: i32 = 8;
/** A packed panel of B is this deep and wide: 512 KB, within a second-level cache. */
const PANEL_DEPTH: i32 = 512;
const PANEL_COLUMNS: i32 = 256;

const EDGE_TILE_BYTES: usize = TILE_ROWS * TILE_COLUMNS * 4;
const PANEL_A_BYTES: usize = PANEL_DEPTH * TILE_ROWS * 4;
/** Scratch of one product. */
export const GEMM_SCRATCH_BYTES: i32 =
  PANEL_DEPTH * TILE_ROWS * 4 + TILE_ROWS * TILE_COLUMNS * 4 + PANEL_DEPTH * PANEL_COLUMNS * 4;

/** C tile (+)= packed A [depth][4] times packed B [depth][8]; `accumulate` adds to what is there. */
function multiplyTile(depth: i32, a: usize, b: usize, c: usize, rowBytes: usize, accumulate: bool): void {
  const zero = f32x4.splat(0);
  let c00 = zero;
  let c01 = zero;
  let c10 = zero;
  let c11 = zero;
  let c20 = zero;
  let c21 = zero;
  let c30 = zero;
  let c31 = zero;
  const end = b + ((<usize>depth) << 5);
  // Not unrolled, and no larger a tile: V8 then spills registers, which costs a third (measured: 39 against 27 GFLOP/s).
  while (b < end) {
    const b0 = v128.load(b, 0);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a, 0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load_splat<f32>(a, 4);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load_splat<f32>(a, 8);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load_splat<f32>(a, 12);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    a += 16;
    b += 32;
  }
  if (accumulate) {
    addRow(c, c00, c01);
    addRow(c + rowBytes, c10, c11);
    addRow(c + 2 * rowBytes, c20, c21);
    addRow(c + 3 * rowBytes, c30, c31);
  } else {
    storeRow(c, c00, c01);
    storeRow(c + rowBytes, c10, c11);
    storeRow(c + 2 * rowBytes, c20, c21);
    storeRow(c + 3 * rowBytes, c30, c31);
  }
}

// @ts-ignore: decorator
@inline
function storeRow(c: usize, low: v128, high: v128): void {
  v128.store(c, low);
  v128.store(c, high, 16);
}

// @ts-ignore: decorator
@inline
function addRow(c: usize, low: v128, high: v128): void {
  v128.store(c, f32x4.add(v128.load(c), low));
  v128.store(c, f32x4.add(v128.load(c, 16), high), 16);
}

/** Stores four vectors as columns: lane i of each goes to p + i * step. */
// @ts-ignore: decorator
@inline
function storeTransposed(p: usize, step: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(p, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(p + step, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(p + 2 * step, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(p + 3 * step, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

/**
 * Packs `count` lines of an operand (rows of A, columns of B) as [depth][width], times alpha, the lines that are missing
 * up to `width` as zeros. Lines are `lineStride` apart, the elements along the depth `depthStride`.
 */
// @ts-ignore: decorator
@inline
function pack(
  width: i32,
  to: usize,
  from: usize,
  count: i32,
  lineStride: i32,
  depthStride: i32,
  depth: i32,
  alpha: f32,
): void {
  const factor = f32x4.splat(alpha);
  const step = (<usize>width) << 2;
  const lineBytes = (<usize>lineStride) << 2;
  const depthBytes = (<usize>depthStride) << 2;
  let line = 0;
  for (; line + 4 <= count; line += 4) {
    let target = at(to, line);
    let source = from + <usize>line * lineBytes;
    let d = 0;
    if (lineStride == 1) {
      for (; d < depth; d++) {
        v128.store(target, f32x4.mul(factor, v128.load(source)));
        target += step;
        source += depthBytes;
      }
      continue;
    }
    if (depthStride == 1) {
      for (; d + 4 <= depth; d += 4) {
        storeTransposed(
          target,
          step,
          f32x4.mul(factor, v128.load(source)),
          f32x4.mul(factor, v128.load(source + lineBytes)),
          f32x4.mul(factor, v128.load(source + 2 * lineBytes)),
          f32x4.mul(factor, v128.load(source + 3 * lineBytes)),
        );
        target += 4 * step;
        source += 16;
      }
    }
    for (; d < depth; d++) {
      for (let i = 0; i < 4; i++) {
        store<f32>(at(target, i), alpha * load<f32>(source + <usize>i * lineBytes));
      }
      target += step;
      source += depthBytes;
    }
  }
  for (; line < width; line++) {
    let target = at(to, line);
    let source = from + <usize>line * lineBytes;
    for (let d = 0; d < depth; d++) {
      store<f32>(target, line < count ? alpha * load<f32>(source) : 0);
      target += step;
      source += depthBytes;
    }
  }
}

// Two compiled copies of `pack`, one for each width.
function packA(to: usize, from: usize, rows: i32, rowStride: i32, depthStride: i32, depth: i32, alpha: f32): void {
  pack(TILE_ROWS, to, from, rows, rowStride, depthStride, depth, alpha);
}
function packB(to: usize, from: usize, columns: i32, columnStride: i32, depthStride: i32, depth: i32): void {
  pack(TILE_COLUMNS, to, from, columns, columnStride, depthStride, depth, 1);
}

/** A tile at the right or lower edge of C: computed whole in scratch, then the part that exists is moved. */
function multiplyEdgeTile(
  depth: i32,
  a: usize,
  b: usize,
  c: usize,
  cRow: i32,
  rows: i32,
  columns: i32,
  accumulate: bool,
  tile: usize,
): void {
  multiplyTile(depth, a, b, tile, TILE_COLUMNS << 2, false);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const value = load<f32>(at(tile, i * TILE_COLUMNS + j));
      const target = at(c, i * cRow + j);
      store<f32>(target, accumulate ? load<f32>(target) + value : value);
    }
  }
}

/**
 * C [m, n] (+)= alpha * A [m, k] B [k, n]. Element (i, j) of A is at a + i * aRow + j * aDepth, of B at
 * b + i * bDepth + j * bColumn, of C at c + i * cRow + j. Each element of C is the sum over chunks of 512 along k in order,
 * whatever tile it falls into.
 */
export function multiply(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  aRow: i32,
  aDepth: i32,
  b: usize,
  bDepth: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  alpha: f32,
  accumulate: bool,
  scratch: usize,
): void {
  const panelA = scratch;
  const tile = panelA + PANEL_A_BYTES;
  const panelB = tile + EDGE_TILE_BYTES;
  const rowBytes = (<usize>cRow) << 2;
  for (let n0 = 0; n0 < n; n0 += PANEL_COLUMNS) {
    const columns = min(PANEL_COLUMNS, n - n0);
    for (let k0 = 0; k0 < k; k0 += PANEL_DEPTH) {
      const depth = min(PANEL_DEPTH, k - k0);
      const add = accumulate || k0 > 0;
      for (let j = 0; j < columns; j += TILE_COLUMNS) {
        const from = at(b, (n0 + j) * bColumn + k0 * bDepth);
        packB(at(panelB, j * depth), from, min(TILE_COLUMNS, columns - j), bColumn, bDepth, depth);
      }
      for (let i = 0; i < m; i += TILE_ROWS) {
        const rows = min(TILE_ROWS, m - i);
        packA(panelA, at(a, i * aRow + k0 * aDepth), rows, aRow, aDepth, depth, alpha);
        for (let j = 0; j < columns; j += TILE_COLUMNS) {
          const width = min(TILE_COLUMNS, columns - j);
          const packed = at(panelB, j * depth);
          const target = at(c, i * cRow + n0 + j);
          if (rows == TILE_ROWS && width == TILE_COLUMNS) {
            multiplyTile(depth, panelA, packed, target, rowBytes, add);
          } else {
            multiplyEdgeTile(depth, panelA, packed, target, cRow, rows, width, add, tile);
          }
        }
      }
    }
  }
}

/** Unit: a row of C. See `multiply`. */
export function gemmByRows(
  lo: i32,
  hi: i32,
  scratch: usize,
  n: i32,
  k: i32,
  a: usize,
  aRow: i32,
  aDepth: i32,
  b: usize,
  bDepth: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  alpha: f32,
  accumulate: bool,
): void {
  const rows = hi - lo;
  multiply(
    rows,
    n,
    k,
    at(a, lo * aRow),
    aRow,
    aDepth,
    b,
    bDepth,
    bColumn,
    at(c, lo * cRow),
    cRow,
    alpha,
    accumulate,
    scratch,
  );
}

/** Unit: a column of C, for products with few rows. See `multiply`. */
export function gemmByColumns(
  lo: i32,
  hi: i32,
  scratch: usize,
  m: i32,
  k: i32,
  a: usize,
  aRow: i32,
  aDepth: i32,
  b: usize,
  bDepth: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  alpha: f32,
  accumulate: bool,
): void {
  multiply(
    m,
    hi - lo,
    k,
    a,
    aRow,
    aDepth,
    at(b, lo * bColumn),
    bDepth,
    bColumn,
    at(c, lo),
    cRow,
    alpha,
    accumulate,
    scratch,
  );
}

/** Four dot products' lanes to one vector of sums. */
// @ts-ignore: decorator
@inline
function sumFour(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * x W^T for few rows, without packing: x [m, k] and W [n, k] are both contiguous along k. Unit: a column of C [m, n].
 * Every element is summed the same way whichever branch it falls into.
 */
export function fewRowsTimesTransposed(
  lo: i32,
  hi: i32,
  scratch: usize,
  m: i32,
  n: i32,
  k: i32,
  x: usize,
  w: usize,
  c: usize,
): void {
  const whole = k & ~3;
  const row = (<usize>k) << 2;
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    const x0 = at(x, i * k);
    let j = lo;
    for (; j + 2 <= hi; j += 2) {
      let s00 = f32x4.splat(0);
      let s10 = s00;
      let s20 = s00;
      let s30 = s00;
      let s01 = s00;
      let s11 = s00;
      let s21 = s00;
      let s31 = s00;
      let p = x0;
      let q = at(w, j * k);
      const end = p + ((<usize>whole) << 2);
      while (p < end) {
        const w0 = v128.load(q);
        const w1 = v128.load(q + row);
        let value = v128.load(p);
        s00 = multiplyAdd(value, w0, s00);
        s01 = multiplyAdd(value, w1, s01);
        value = v128.load(p + row);
        s10 = multiplyAdd(value, w0, s10);
        s11 = multiplyAdd(value, w1, s11);
        value = v128.load(p + 2 * row);
        s20 = multiplyAdd(value, w0, s20);
        s21 = multiplyAdd(value, w1, s21);
        value = v128.load(p + 3 * row);
        s30 = multiplyAdd(value, w0, s30);
        s31 = multiplyAdd(value, w1, s31);
        p += 16;
        q += 16;
      }
      let first = sumFour(s00, s10, s20, s30);
      let second = sumFour(s01, s11, s21, s31);
      for (let d = whole; d < k; d++) {
        let column = f32x4.splat(load<f32>(p));
        column = f32x4.replace_lane(column, 1, load<f32>(p + row));
        column = f32x4.replace_lane(column, 2, load<f32>(p + 2 * row));
        column = f32x4.replace_lane(column, 3, load<f32>(p + 3 * row));
        first = multiplyAdd(column, v128.load_splat<f32>(q), first);
        second = multiplyAdd(column, v128.load_splat<f32>(q + row), second);
        p += 4;
        q += 4;
      }
      const target = at(c, i * n + j);
      const down = (<usize>n) << 2;
      store<f32>(target, f32x4.extract_lane(first, 0));
      store<f32>(target + down, f32x4.extract_lane(first, 1));
      store<f32>(target + 2 * down, f32x4.extract_lane(first, 2));
      store<f32>(target + 3 * down, f32x4.extract_lane(first, 3));
      store<f32>(target, f32x4.extract_lane(second, 0), 4);
      store<f32>(target + down, f32x4.extract_lane(second, 1), 4);
      store<f32>(target + 2 * down, f32x4.extract_lane(second, 2), 4);
      store<f32>(target + 3 * down, f32x4.extract_lane(second, 3), 4);
    }
    for (; j < hi; j++) {
      for (let r = 0; r < 4; r++) store<f32>(at(c, (i + r) * n + j), pairwiseDot(at(x0, r * k), at(w, j * k), k));
    }
  }
  for (let j = lo; j < hi; j++) {
    for (let r = i; r < m; r++) store<f32>(at(c, r * n + j), pairwiseDot(at(x, r * k), at(w, j * k), k));
  }
}

/** A dot product whose lanes are added in the order of `sumFour`. */
function pairwiseDot(a: usize, b: usize, count: i32): f32 {
  let lanes = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) lanes = multiplyAdd(v128.load(at(a, i)), v128.load(at(b, i)), lanes);
  const even = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 2);
  const odd = f32x4.extract_lane(lanes, 1) + f32x4.extract_lane(lanes, 3);
  let sum = even + odd;
  for (; i < count; i++) sum += load<f32>(at(a, i)) * load<f32>(at(b, i));
  return sum;
}

/** Copies the bias [n] into the rows of y [., n]; the product is then added to it. Unit: a row. */
export function fillRows(lo: i32, hi: i32, scratch: usize, n: i32, bias: usize, y: usize): void {
  for (let i = lo; i < hi; i++) memory.copy(at(y, i * n), bias, (<usize>n) << 2);
}
