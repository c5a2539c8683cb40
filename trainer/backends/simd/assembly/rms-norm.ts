import { at, dot, multiplyAdd } from './vector';

/** y = x / sqrt(mean(x^2) + eps) * weight, and 1 / sqrt(...) of each row. Unit: a row. */
export function rmsNorm(
  lo: i32,
  hi: i32,
  scratch: usize,
  width: i32,
  x: usize,
  weight: usize,
  y: usize,
  inverseRms: usize,
  eps: f32,
): void {
  for (let i = lo; i < hi; i++) {
    const row = at(x, i * width);
    const out = at(y, i * width);
    const inverse = <f32>1 / sqrt<f32>(dot(row, row, width) / <f32>width + eps);
    store<f32>(at(inverseRms, i), inverse);
    const factor = f32x4.splat(inverse);
    let c = 0;
    for (; c + 4 <= width; c += 4) {
      v128.store(at(out, c), f32x4.mul(f32x4.mul(v128.load(at(row, c)), factor), v128.load(at(weight, c))));
    }
    for (; c < width; c++) store<f32>(at(out, c), load<f32>(at(row, c)) * inverse * load<f32>(at(weight, c)));
  }
}

/** dx = r * (dy w - x * r^2 * mean(dy w x)) with r = 1 / rms. Unit: a row. */
export function rmsNormGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  width: i32,
  x: usize,
  weight: usize,
  inverseRms: usize,
  dy: usize,
  dx: usize,
): void {
  for (let i = lo; i < hi; i++) {
    const row = at(x, i * width);
    const slope = at(dy, i * width);
    const out = at(dx, i * width);
    const inverse = load<f32>(at(inverseRms, i));
    let lanes = f32x4.splat(0);
    let c = 0;
    for (; c + 4 <= width; c += 4) {
      const g = f32x4.mul(v128.load(at(slope, c)), v128.load(at(weight, c)));
      lanes = multiplyAdd(g, v128.load(at(row, c)), lanes);
    }
    let sum =
      f32x4.extract_lane(lanes, 0) +
      f32x4.extract_lane(lanes, 1) +
      f32x4.extract_lane(lanes, 2) +
      f32x4.extract_lane(lanes, 3);
    for (; c < width; c++) sum += load<f32>(at(slope, c)) * load<f32>(at(weight, c)) * load<f32>(at(row, c));
    const projection = (sum * inverse * inverse) / <f32>width;
    const p = f32x4.splat(projection);
    const r = f32x4.splat(inverse);
    for (c = 0; c + 4 <= width; c += 4) {
      const g = f32x4.mul(v128.load(at(slope, c)), v128.load(at(weight, c)));
      v128.store(at(out, c), f32x4.mul(r, f32x4.sub(g, f32x4.mul(v128.load(at(row, c)), p))));
    }
    for (; c < width; c++) {
      const g = load<f32>(at(slope, c)) * load<f32>(at(weight, c));
      store<f32>(at(out, c), inverse * (g - load<f32>(at(row, c)) * projection));
    }
  }
}

/** dWeight = sum over rows of dy * x / rms; dWeight starts at zero. Unit: a column. */
export function rmsNormWeightGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  rows: i32,
  width: i32,
  x: usize,
  inverseRms: usize,
  dy: usize,
  dWeight: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const row = at(x, i * width);
    const slope = at(dy, i * width);
    const inverse = load<f32>(at(inverseRms, i));
    const r = f32x4.splat(inverse);
    let c = lo;
    for (; c + 4 <= hi; c += 4) {
      const term = f32x4.mul(f32x4.mul(r, v128.load(at(row, c))), v128.load(at(slope, c)));
      v128.store(at(dWeight, c), f32x4.add(v128.load(at(dWeight, c)), term));
    }
    for (; c < hi; c++) {
      const term = inverse * load<f32>(at(row, c)) * load<f32>(at(slope, c));
      store<f32>(at(dWeight, c), load<f32>(at(dWeight, c)) + term);
    }
  }
}
