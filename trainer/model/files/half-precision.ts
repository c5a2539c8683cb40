/** 16-bit floats and float32: F16 is IEEE 754 binary16, BF16 the upper half of a float32. Narrowing rounds to nearest even. */

/** Every binary16 as a float32; made when first asked for. */
let f16Table: Float32Array | null = null;

/** Exactly the same values as float32. */
export function widenF16(halves: Uint16Array): Float32Array {
  f16Table ??= Float32Array.from({ length: 65_536 }, (_, half) => f16ToNumber(half));
  const table = f16Table;
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) floats[i] = table[halves[i] as number] as number;
  return floats;
}

/** Exactly the same values as float32; bits are copied, so that a NaN keeps its payload. */
export function widenBF16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

/** The nearest bfloat16 values, ties to the even one; NaN stays NaN. */
export function narrowToBF16(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(floats.length);
  for (let i = 0; i < halves.length; i++) {
    const word = bits[i] as number;
    const unordered = (word & 0x7fffffff) > 0x7f800000;
    // half of the last kept bit, less one where the kept part is even, carries where it must
    halves[i] = unordered ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}

/** The nearest binary16 values, ties to the even one; beyond 65504 plus half a step they become infinite. */
export function narrowToF16(floats: Float32Array): Uint16Array {
  const halves = new Uint16Array(floats.length);
  for (let i = 0; i < halves.length; i++) halves[i] = f16Bits(floats[i] as number);
  return halves;
}

function f16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65_520) return sign | 0x7c00;
  // steps of 2^-24 below the smallest normal number, of 2^(exponent - 10) above
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  // a fraction rounded up to 1024 carries into the exponent, as it should
  return sign | (((exponent + 15) << 10) + roundToEven(size * 2 ** (10 - exponent)) - 1024);
}

/** Exact for the numbers above: they have far fewer bits than a double. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function f16ToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
