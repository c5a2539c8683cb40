/**
 * The header of a safetensors file (format: github.com/huggingface/safetensors, README "Format"): u64 header length, JSON
 * header, raw little-endian data. A file is input from outside: every length and offset is checked against the file's size
 * before anything is allocated.
 */
import { fstatSync, readSync } from 'node:fs';
import { z } from 'zod';

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
/** Every type of the format with its size; which of them are read is the reader's matter. */
const BYTES_PER_ELEMENT = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;
type Dtype = keyof typeof BYTES_PER_ELEMENT;

const offset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(offset),
  data_offsets: z.tuple([offset, offset]),
});

/** One tensor of the file; `begin` and `end` count from the start of the data. */
export type HeaderEntry = { name: string; dtype: Dtype; shape: number[]; begin: number; end: number };

/**
 * Reads the header of an open file. `path` is named in errors.
 * @returns the tensors in the order of their data
 * @throws Error naming the file and the tensor for anything malformed, truncated, oversized, overlapping or of unknown type
 */
export function readSafetensorsHeader(
  file: number,
  path: string,
): { entries: HeaderEntry[]; dataStart: number } {
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

function checkedEntry(name: string, value: unknown, path: string): HeaderEntry {
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
    throw new Error(`${path}: tensor ${name}: type ${dtype}, which safetensors does not know`);
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
function checkCoverage(entries: HeaderEntry[], dataBytes: number, path: string): void {
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

/** Number of values of a tensor of this shape. */
export function elementCount(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Fills the buffer from a position of the file. @throws Error with `what` in front when the file ends before */
export function readFully(file: number, into: Buffer, position: number, what: string): void {
  let done = 0;
  while (done < into.length) {
    const got = readSync(file, into, done, Math.min(into.length - done, 2 ** 30), position + done);
    if (got === 0) throw new Error(`${what}: truncated: ${done} of ${into.length} bytes could be read`);
    done += got;
  }
}
