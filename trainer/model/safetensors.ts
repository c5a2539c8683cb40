/**
 * Reading and writing safetensors files (format: github.com/huggingface/safetensors, README "Format"):
 * u64 header length, JSON header, raw little-endian data. A file is input from outside: every length and offset is checked
 * against the file's size before anything is allocated.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { HostTensor } from '../backend/compile.ts';

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
const BYTES_PER_ELEMENT = { F32: 4, I32: 4, F16: 2, BF16: 2 } as const;
type Dtype = keyof typeof BYTES_PER_ELEMENT;

const offset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(offset),
  data_offsets: z.tuple([offset, offset]),
});

type Entry = { name: string; dtype: Dtype; shape: number[]; begin: number; end: number };

/**
 * All tensors of one file by name, floats widened to float32.
 * @throws Error naming the file and the tensor for anything malformed, truncated, oversized, overlapping or of another type
 */
export function readSafetensors(path: string): Map<string, HostTensor> {
  const file = openSync(path, 'r');
  try {
    const { entries, dataStart } = readHeader(file, path);
    const tensors = new Map<string, HostTensor>();
    for (const entry of entries) {
      const bytes = Buffer.alloc(entry.end - entry.begin);
      readFully(file, bytes, dataStart + entry.begin, `${path}: tensor ${entry.name}`);
      tensors.set(entry.name, { shape: entry.shape, data: decode(bytes, entry.dtype) });
    }
    return tensors;
  } finally {
    closeSync(file);
  }
}

/** Writes float32 and int32 tensors, names in sorted order and data aligned to 8 bytes, so equal content is equal bytes. */
export function writeSafetensors(
  path: string,
  tensors: Record<string, HostTensor>,
  metadata: Record<string, string> = { format: 'pt' },
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const ordered = Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1));
  let end = 0;
  for (const [name, { shape, data }] of ordered) {
    if (name === '__metadata__') throw new Error(`${path}: __metadata__ cannot be the name of a tensor`);
    if (elementCount(shape) !== data.length) {
      throw new Error(
        `${path}: tensor ${name} has ${data.length} values, its shape [${shape}] wants ${elementCount(shape)}`,
      );
    }
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype: data instanceof Float32Array ? 'F32' : 'I32', shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = openSync(path, 'w');
  try {
    writeFully(file, length);
    writeFully(file, padded);
    for (const [, { data }] of ordered)
      writeFully(file, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    closeSync(file);
  }
}

function readHeader(file: number, path: string): { entries: Entry[]; dataStart: number } {
  const fileBytes = fstatSync(file).size;
  if (fileBytes < 8)
    throw new Error(`${path}: truncated: ${fileBytes} bytes, a safetensors file has at least 8`);
  const lengthBytes = Buffer.alloc(8);
  readFully(file, lengthBytes, 0, path);
  const declared = lengthBytes.readBigUInt64LE();
  if (declared > BigInt(MAX_HEADER_BYTES)) {
    throw new Error(
      `${path}: header of ${declared} bytes declared, at most ${MAX_HEADER_BYTES} are accepted`,
    );
  }
  const headerBytes = Number(declared);
  const dataStart = 8 + headerBytes;
  if (dataStart > fileBytes) {
    throw new Error(
      `${path}: truncated: header of ${headerBytes} bytes declared, ${fileBytes - 8} are there`,
    );
  }
  const headerBuffer = Buffer.alloc(headerBytes);
  readFully(file, headerBuffer, 8, `${path}: header`);

  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(headerBuffer));
  } catch (cause) {
    throw new Error(`${path}: header is not JSON in UTF-8: ${(cause as Error).message}`, { cause });
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new Error(`${path}: header is not a JSON object`);
  }
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => checkedEntry(name, value, path))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, fileBytes - dataStart, path);
  return { entries, dataStart };
}

function checkedEntry(name: string, value: unknown, path: string): Entry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(
      (issue) => `${issue.path.join('.') || 'entry'}: ${issue.message}`,
    );
    throw new Error(`${path}: tensor ${name}: bad header entry: ${reasons.join('; ')}`);
  }
  const { dtype, shape } = parsed.data;
  const [begin, end] = parsed.data.data_offsets;
  if (!Object.hasOwn(BYTES_PER_ELEMENT, dtype)) {
    throw new Error(
      `${path}: tensor ${name}: type ${dtype}, expected one of ${Object.keys(BYTES_PER_ELEMENT).join(', ')}`,
    );
  }
  const known = dtype as Dtype;
  const expected = elementCount(shape) * BYTES_PER_ELEMENT[known];
  if (end - begin !== expected) {
    throw new Error(
      `${path}: tensor ${name}: data_offsets [${begin}, ${end}] hold ${end - begin} bytes, ${dtype} [${shape}] wants ${expected}`,
    );
  }
  return { name, dtype: known, shape, begin, end };
}

/** The format asks that tensors lie one after another, without overlap and without holes, up to the end of the file. */
function checkCoverage(entries: Entry[], dataBytes: number, path: string): void {
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin < covered)
      throw new Error(
        `${path}: tensor ${name} overlaps the one before it (starts at ${begin}, before ${covered})`,
      );
    if (begin > covered)
      throw new Error(`${path}: tensor ${name} starts at ${begin}, expected ${covered} (a hole)`);
    if (end > dataBytes)
      throw new Error(
        `${path}: truncated: tensor ${name} ends at ${end}, the file has ${dataBytes} bytes of data`,
      );
    covered = end;
  }
  if (covered !== dataBytes) {
    throw new Error(`${path}: oversized: ${dataBytes} bytes of data, the tensors account for ${covered}`);
  }
}

function decode(bytes: Buffer, dtype: Dtype): Float32Array | Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.byteLength / BYTES_PER_ELEMENT[dtype];
  if (dtype === 'I32') return Int32Array.from({ length: count }, (_, i) => view.getInt32(4 * i, true));
  const floats = new Float32Array(count);
  if (dtype === 'F32') for (let i = 0; i < count; i++) floats[i] = view.getFloat32(4 * i, true);
  else if (dtype === 'F16')
    for (let i = 0; i < count; i++) floats[i] = halfToFloat(view.getUint16(2 * i, true));
  else {
    // bfloat16 is the upper half of a float32; bits are copied, so that a NaN keeps its payload
    const bits = new Uint32Array(floats.buffer);
    for (let i = 0; i < count; i++) bits[i] = view.getUint16(2 * i, true) << 16;
  }
  return floats;
}

/** IEEE 754 binary16 to a number, exactly. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function elementCount(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function readFully(file: number, into: Buffer, position: number, what: string): void {
  let done = 0;
  while (done < into.length) {
    const got = readSync(file, into, done, Math.min(into.length - done, 2 ** 30), position + done);
    if (got === 0) throw new Error(`${what}: truncated: ${done} of ${into.length} bytes could be read`);
    done += got;
  }
}

function writeFully(file: number, bytes: Buffer): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(file, bytes, done, Math.min(bytes.length - done, 2 ** 30));
}
