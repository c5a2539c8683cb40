import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'model.safetensors');

/** Writes a file of the given header (an object, or raw text or bytes) and data. */
function craft(header: unknown, data: Uint8Array = new Uint8Array(), declared?: bigint): void {
  const isRaw = typeof header === 'string' || Buffer.isBuffer(header);
  const json = Buffer.from(isRaw ? (header as string) : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(declared ?? BigInt(json.length));
  writeFileSync(path, Buffer.concat([length, json, data]));
}
const f32 = (shape: unknown, ...data_offsets: unknown[]) => ({ dtype: 'F32', shape, data_offsets });

describe('safetensors', () => {
  it('round-trips floats and integers exactly, empty and scalar tensors included', () => {
    void fc.assert(
      fc.property(
        fc.float32Array({ minLength: 6, maxLength: 6 }),
        fc.int32Array({ minLength: 4, maxLength: 4 }),
        (floats, ints) => {
          const tensors = {
            'b.weight': { shape: [2, 3], data: floats },
            a: { shape: [2, 2], data: ints },
            empty: { shape: [0, 5], data: new Float32Array() },
            scalar: { shape: [], data: Float32Array.of(1.5) },
          };
          writeSafetensors(path, tensors);
          expect(Object.fromEntries(readSafetensors(path))).toEqual(tensors);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('writes the same bytes for the same tensors in another order, with an aligned header', () => {
    const a = { shape: [1], data: Float32Array.of(1) };
    const b = { shape: [2], data: Float32Array.of(2, 3) };
    writeSafetensors(path, { a, b });
    const first = readFileSync(path);
    writeSafetensors(path, { b, a });
    expect(readFileSync(path).equals(first)).toBe(true);
    expect(Number(first.readBigUInt64LE()) % 8).toBe(0);
  });

  it('widens F16 and BF16', () => {
    const data = Buffer.alloc(16);
    // F16: 1, -2, smallest subnormal, 65504; BF16: 1, -2.5, the largest power 2^127, 0
    [0x3c00, 0xc000, 0x0001, 0x7bff].forEach((bits, i) => {
      data.writeUInt16LE(bits, 2 * i);
    });
    [0x3f80, 0xc020, 0x7f00, 0x0000].forEach((bits, i) => {
      data.writeUInt16LE(bits, 8 + 2 * i);
    });
    craft(
      {
        half: { dtype: 'F16', shape: [4], data_offsets: [0, 8] },
        brain: { dtype: 'BF16', shape: [4], data_offsets: [8, 16] },
      },
      data,
    );
    const tensors = readSafetensors(path);
    expect([...(tensors.get('half')?.data ?? [])]).toEqual([1, -2, 2 ** -24, 65504]);
    expect([...(tensors.get('brain')?.data ?? [])]).toEqual([1, -2.5, 2 ** 127, 0]);
  });

  it('widens infinities and NaN as such', () => {
    const data = Buffer.alloc(8);
    [0x7c00, 0x7e00, 0xff80, 0x7fc0].forEach((bits, i) => {
      data.writeUInt16LE(bits, 2 * i);
    });
    craft(
      {
        half: { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
        brain: { dtype: 'BF16', shape: [2], data_offsets: [4, 8] },
      },
      data,
    );
    const tensors = readSafetensors(path);
    expect([...(tensors.get('half')?.data ?? [])]).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
    expect([...(tensors.get('brain')?.data ?? [])]).toEqual([Number.NEGATIVE_INFINITY, Number.NaN]);
  });

  const eight = new Uint8Array(8);
  it.each<[string, () => void, RegExp]>([
    ['an empty file', () => writeFileSync(path, ''), /truncated: 0 bytes/],
    [
      'a header longer than the file',
      () => craft({}, eight, 500n),
      /truncated: header of 500 bytes declared, 10 are there/,
    ],
    [
      'a header of absurd length',
      () => craft({}, eight, 2n ** 63n),
      /9223372036854775808 bytes declared, at most 100000000/,
    ],
    ['a header that is no JSON', () => craft('{"a":'), /header is not JSON/],
    [
      'a header that is no UTF-8',
      () => craft(Buffer.from([0x22, 0xff, 0x22])),
      /header is not JSON in UTF-8/,
    ],
    ['a header that is a list', () => craft([]), /not a JSON object/],
    [
      'an entry without shape',
      () => craft({ a: { dtype: 'F32', data_offsets: [0, 8] } }, eight),
      /tensor a: bad header entry: shape/,
    ],
    ['a negative size', () => craft({ a: f32([-2], 0, 8) }, eight), /tensor a: bad header entry: shape.0/],
    [
      'a fractional offset',
      () => craft({ a: f32([2], 0.5, 8) }, eight),
      /tensor a: bad header entry: data_offsets.0/,
    ],
    [
      'a type we do not read',
      () => craft({ a: { ...f32([1], 0, 8), dtype: 'F64' } }, eight),
      /tensor a: type F64, expected one of F32/,
    ],
    [
      '64-bit integers',
      () => craft({ a: { ...f32([1], 0, 8), dtype: 'I64' } }, eight),
      /tensor a: type I64, expected one of F32/,
    ],
    [
      'bytes',
      () => craft({ mask: { ...f32([8], 0, 8), dtype: 'U8' } }, eight),
      /tensor mask: type U8, expected one of F32/,
    ],
    [
      'a type named like a property',
      () => craft({ a: { ...f32([1], 0, 8), dtype: 'toString' } }, eight),
      /tensor a: type toString/,
    ],
    [
      'bytes that do not fit the shape',
      () => craft({ a: f32([3], 0, 8) }, eight),
      /tensor a: data_offsets \[0, 8\] hold 8 bytes, F32 \[3\] wants 12/,
    ],
    [
      'a size that overflows',
      () => craft({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, eight),
      /tensor a: data_offsets/,
    ],
    ['offsets backwards', () => craft({ a: f32([2], 8, 0) }, eight), /tensor a: data_offsets \[8, 0\]/],
    [
      'overlapping tensors',
      () => craft({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, eight),
      /tensor b overlaps/,
    ],
    ['a hole between tensors', () => craft({ a: f32([1], 4, 8) }, eight), /tensor a starts at 4, expected 0/],
    [
      'a file cut off in the data',
      () => craft({ a: f32([4], 0, 16) }, eight),
      /truncated: tensor a ends at 16, the file has 8/,
    ],
    [
      'data left over',
      () => craft({ a: f32([1], 0, 4) }, eight),
      /oversized: 8 bytes of data, the tensors account for 4/,
    ],
  ])('refuses %s, naming the file', (_name, write, message) => {
    write();
    expect(() => readSafetensors(path)).toThrow(message);
    expect(() => readSafetensors(path)).toThrow(path);
  });

  it('survives any one byte of the header being changed: an error or other values, never a crash', () => {
    writeSafetensors(path, { a: { shape: [2], data: Float32Array.of(1, 2) } });
    const whole = readFileSync(path);
    const headerEnd = 8 + Number(whole.readBigUInt64LE());
    for (let i = 0; i < headerEnd; i++) {
      const broken = Buffer.from(whole);
      broken[i] = (broken[i] as number) ^ 0x15;
      writeFileSync(path, broken);
      try {
        expect(readSafetensors(path).size).toBeLessThanOrEqual(2);
      } catch (error) {
        expect((error as Error).message).toContain(path);
      }
    }
  });

  it('refuses to write values that do not fit their shape', () => {
    expect(() => writeSafetensors(path, { a: { shape: [3], data: Float32Array.of(1) } })).toThrow(
      'tensor a has 1 values',
    );
  });
});
