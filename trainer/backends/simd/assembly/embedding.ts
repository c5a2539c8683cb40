import { at } from './vector';

/** Copies row ids[i] of the table to row i. Unit: a row of y. */
export function embedding(lo: i32, hi: i32, scratch: usize, width: i32, ids: usize, table: usize, y: usize): void {
  for (let i = lo; i < hi; i++) {
    memory.copy(at(y, i * width), at(table, load<i32>(at(ids, i)) * width), (<usize>width) << 2);
  }
}

/** Adds row i of dy to row ids[i] of dTable, which starts at zero. Unit: a column, so that equal ids never meet. */
export function embeddingGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  count: i32,
  width: i32,
  ids: usize,
  dy: usize,
  dTable: usize,
): void {
  for (let i = 0; i < count; i++) {
    const target = at(dTable, load<i32>(at(ids, i)) * width);
    const source = at(dy, i * width);
    let c = lo;
    for (; c + 4 <= hi; c += 4) {
      v128.store(at(target, c), f32x4.add(v128.load(at(target, c)), v128.load(at(source, c))));
    }
    for (; c < hi; c++) store<f32>(at(target, c), load<f32>(at(target, c)) + load<f32>(at(source, c)));
  }
}

/** sums[c] = sum over rows of x[row, c]; sums start at zero. Unit: a column. */
export function sumOfRows(lo: i32, hi: i32, scratch: usize, rows: i32, width: i32, x: usize, sums: usize): void {
  for (let i = 0; i < rows; i++) {
    const source = at(x, i * width);
    let c = lo;
    for (; c + 4 <= hi; c += 4) {
      v128.store(at(sums, c), f32x4.add(v128.load(at(sums, c)), v128.load(at(source, c))));
    }
    for (; c < hi; c++) store<f32>(at(sums, c), load<f32>(at(sums, c)) + load<f32>(at(source, c)));
  }
}
