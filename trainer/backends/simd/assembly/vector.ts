// What all kernels share. Conventions of this folder:
// - A kernel is an exported function (lo, hi, scratch, ...): it works on the units lo..hi-1 of its work, so that threads can
//   share it. What a unit is stands above each kernel. No result may depend on where the units are cut, so that one thread
//   and two give the same bits: sums that cross units belong to one unit or to the caller.
// - `scratch` is memory of this thread alone.
// - Tensors are addresses; sizes and strides count elements of 4 bytes.
// - "Flat" kernels go over whole vectors of 4 and may touch up to 3 elements behind the end: every allocation is padded.
// - Nothing here may use static data (Math.log brings a table): it would overlap the tensors of the shared memory. The
//   build refuses a module with a data section.

/** The address of element `index` of the tensor at `base`. */
// @ts-ignore: decorator
@inline
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** a * b + c, rounded twice: WebAssembly's deterministic SIMD has no fused form. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3)
  );
}

// @ts-ignore: decorator
@inline
export function maxLane(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/**
 * e^x of four lanes, Cephes' expf: split off the power of two, polynomial for the rest. Relative error 2e-7. The argument
 * is clamped to -87..88, so that nothing overflows; what must be an exact zero is masked by the caller. NaN stays NaN.
 */
// @ts-ignore: decorator
@inline
export function exp4(value: v128): v128 {
  const x = f32x4.max(f32x4.min(value, f32x4.splat(88)), f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = multiplyAdd(p, r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

/** e^x of one number, the same bits as a lane of exp4. */
// @ts-ignore: decorator
@inline
export function exp1(value: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(value)), 0);
}

/** Natural logarithm of a normal positive number: exponent by bits, mantissa by the series of atanh. Error 1e-7. */
export function log1(value: f32): f32 {
  const bits = reinterpret<i32>(value);
  const exponent = <f32>((bits >> 23) - 127);
  const mantissa = reinterpret<f32>((bits & 0x7fffff) | 0x3f800000);
  const s = (mantissa - 1) / (mantissa + 1);
  const q = s * s;
  let series: f32 = 0.0769230769;
  series = series * q + <f32>0.0909090909;
  series = series * q + <f32>0.1111111111;
  series = series * q + <f32>0.1428571429;
  series = series * q + <f32>0.2;
  series = series * q + <f32>0.3333333333;
  return exponent * <f32>0.69314718056 + 2 * s * (1 + q * series);
}

/** The largest of `count` elements, -Infinity when there are none. */
export function maxOf(p: usize, count: i32): f32 {
  let i = 0;
  let largest: f32 = -Infinity;
  if (count >= 4) {
    let lanes = v128.load(p);
    for (i = 4; i + 4 <= count; i += 4) lanes = f32x4.max(lanes, v128.load(at(p, i)));
    largest = maxLane(lanes);
  }
  for (; i < count; i++) largest = max(largest, load<f32>(at(p, i)));
  return largest;
}

/** The dot product of two rows. */
export function dot(a: usize, b: usize, count: i32): f32 {
  let lanes = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) lanes = multiplyAdd(v128.load(at(a, i)), v128.load(at(b, i)), lanes);
  let sum = sumLanes(lanes);
  for (; i < count; i++) sum += load<f32>(at(a, i)) * load<f32>(at(b, i));
  return sum;
}
