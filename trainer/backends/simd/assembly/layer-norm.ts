import { at, multiplyAdd, sumLanes } from './vector';

/** The sum of a row. */
function sumOf(row: usize, width: i32): f32 {
  let lanes = f32x4.splat(0);
  let c = 0;
  for (; c + 4 <= width; c += 4) lanes = f32x4.add(lanes, v128.load(at(row, c)));
  let sum = sumLanes(lanes);
  for (; c < width; c++) sum += load<f32>(at(row, c));
  return sum;
}

/** The sum of a row's squared distances from `center`. */
function squaredDistances(row: usize, width: i32, center: f32): f32 {
  const m = f32x4.splat(center);
  let lanes = f32x4.splat(0);
  let c = 0;
  for (; c + 4 <= width; c += 4) {
    const distance = f32x4.sub(v128.load(at(row, c)), m);
    lanes = multiplyAdd(distance, distance, lanes);
  }
  let sum = sumLanes(lanes);
  for (; c < width; c++) {
    const distance = load<f32>(at(row, c)) - center;
    sum += distance * distance;
  }
  return sum;
}

/** y = (x - mean) / sqrt(var + eps) * weight + bias, and mean and 1 / sqrt(...) of each row. Unit: a row. */
export function layerNorm(
  lo: i32,
  hi: i32,
  scratch: usize,
  width: i32,
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
  mean: usize,
  inverseStd: usize,
  eps: f32,
): void {
  for (let i = lo; i < hi; i++) {
    const row = at(x, i * width);
    const out = at(y, i * width);
    const center = sumOf(row, width) / <f32>width;
    const inverse = <f32>1 / sqrt<f32>(squaredDistances(row, width, center) / <f32>width + eps);
    store<f32>(at(mean, i), center);
    store<f32>(at(inverseStd, i), inverse);
    const m = f32x4.splat(center);
    const r = f32x4.splat(inverse);
    let c = 0;
    for (; c + 4 <= width; c += 4) {
      const normalised = f32x4.mul(f32x4.sub(v128.load(at(row, c)), m), r);
      v128.store(at(out, c), multiplyAdd(normalised, v128.load(at(weight, c)), v128.load(at(bias, c))));
    }
    for (; c < width; c++) {
      const normalised = (load<f32>(at(row, c)) - center) * inverse;
      store<f32>(at(out, c), normalised * load<f32>(at(weight, c)) + load<f32>(at(bias, c)));
    }
  }
}

/** dx = r * (g - mean(g) - xn * mean(g xn)) with g = dy w, xn = (x - mean) r, r = 1 / std. Unit: a row. */
export function layerNormGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  width: i32,
  x: usize,
  weight: usize,
  mean: usize,
  inverseStd: usize,
  dy: usize,
  dx: usize,
): void {
  for (let i = lo; i < hi; i++) {
    const row = at(x, i * width);
    const slope = at(dy, i * width);
    const out = at(dx, i * width);
    const center = load<f32>(at(mean, i));
    const inverse = load<f32>(at(inverseStd, i));
    const m = f32x4.splat(center);
    const r = f32x4.splat(inverse);
    let gLanes = f32x4.splat(0);
    let alongLanes = f32x4.splat(0);
    let c = 0;
    for (; c + 4 <= width; c += 4) {
      const g = f32x4.mul(v128.load(at(slope, c)), v128.load(at(weight, c)));
      gLanes = f32x4.add(gLanes, g);
      alongLanes = multiplyAdd(g, f32x4.mul(f32x4.sub(v128.load(at(row, c)), m), r), alongLanes);
    }
    let gMean = sumLanes(gLanes);
    let along = sumLanes(alongLanes);
    for (; c < width; c++) {
      const g = load<f32>(at(slope, c)) * load<f32>(at(weight, c));
      gMean += g;
      along += g * ((load<f32>(at(row, c)) - center) * inverse);
    }
    gMean /= <f32>width;
    along /= <f32>width;
    const gm = f32x4.splat(gMean);
    const a = f32x4.splat(along);
    for (c = 0; c + 4 <= width; c += 4) {
      const g = f32x4.mul(v128.load(at(slope, c)), v128.load(at(weight, c)));
      const normalised = f32x4.mul(f32x4.sub(v128.load(at(row, c)), m), r);
      v128.store(at(out, c), f32x4.mul(r, f32x4.sub(f32x4.sub(g, gm), f32x4.mul(normalised, a))));
    }
    for (; c < width; c++) {
      const g = load<f32>(at(slope, c)) * load<f32>(at(weight, c));
      const normalised = (load<f32>(at(row, c)) - center) * inverse;
      store<f32>(at(out, c), inverse * (g - gMean - normalised * along));
    }
  }
}

/** dWeight = sum over rows of dy * (x - mean) / std, dBias = sum over rows of dy; both start at zero. Unit: a column. */
export function layerNormWeightGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  rows: i32,
  width: i32,
  x: usize,
  mean: usize,
  inverseStd: usize,
  dy: usize,
  dWeight: usize,
  dBias: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const row = at(x, i * width);
    const slope = at(dy, i * width);
    const center = load<f32>(at(mean, i));
    const inverse = load<f32>(at(inverseStd, i));
    const m = f32x4.splat(center);
    const r = f32x4.splat(inverse);
    let c = lo;
    for (; c + 4 <= hi; c += 4) {
      const d = v128.load(at(slope, c));
      const term = f32x4.mul(f32x4.mul(f32x4.sub(v128.load(at(row, c)), m), r), d);
      v128.store(at(dWeight, c), f32x4.add(v128.load(at(dWeight, c)), term));
      v128.store(at(dBias, c), f32x4.add(v128.load(at(dBias, c)), d));
    }
    for (; c < hi; c++) {
      const d = load<f32>(at(slope, c));
      const term = (load<f32>(at(row, c)) - center) * inverse * d;
      store<f32>(at(dWeight, c), load<f32>(at(dWeight, c)) + term);
      store<f32>(at(dBias, c), load<f32>(at(dBias, c)) + d);
    }
  }
}
