/** Reading and writing safetensors files. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { endianness } from 'node:os';
import type { HostTensor } from '../../tensors/compile.ts';
import { narrowToBF16, narrowToF16, widenBF16, widenF16 } from './half-precision.ts';
import { elementCount, type HeaderEntry, readFully, readSafetensorsHeader } from './safetensors-header.ts';

/** Types of the format that are read; floats are widened to float32. */
const READABLE = ['F32', 'I32', 'F16', 'BF16'];

/** The types that floats can be stored in. */
export type FloatDtype = 'F32' | 'F16' | 'BF16';

/** An open file: tensors are read one at a time, so that no more than one of them lies beside what was made of it. */
export type SafetensorsFile = {
  path: string;
  shapes: ReadonlyMap<string, number[]>;
  /** @throws Error naming the file and the tensor when it is absent, of a type that is not read, or truncated */
  read(name: string): HostTensor;
  close(): void;
};

/** A tensor to be written: its values, or for floats how to get them when their turn comes. */
export type TensorToWrite = HostTensor | { shape: number[]; readFloats: () => Float32Array };

/**
 * Opens a file and checks its header. The caller closes it.
 * @throws Error naming the file and the tensor for anything malformed, truncated, oversized, overlapping or of unknown type
 */
export function openSafetensors(path: string): SafetensorsFile {
  const file = openSync(path, 'r');
  try {
    const { entries, dataStart } = readSafetensorsHeader(file, path);
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    return {
      path,
      shapes: new Map(entries.map(({ name, shape }) => [name, shape])),
      read(name) {
        const entry = byName.get(name);
        if (!entry) throw new Error(`${path}: no tensor ${name}`);
        return readTensor(file, entry, { path, dataStart });
      },
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * All tensors of one file by name, floats widened to float32.
 * @throws Error as openSafetensors and its read do
 */
export function readSafetensors(path: string): Map<string, HostTensor> {
  const file = openSafetensors(path);
  try {
    return new Map([...file.shapes.keys()].map((name) => [name, file.read(name)]));
  } finally {
    file.close();
  }
}

/**
 * Writes float and int32 tensors, names in sorted order and data aligned to 8 bytes, so equal content is equal bytes. Floats
 * are stored as `dtype`.
 */
export function writeSafetensors(
  path: string,
  tensors: Record<string, TensorToWrite>,
  {
    dtype = 'F32',
    metadata = { format: 'pt' },
  }: { dtype?: FloatDtype; metadata?: Record<string, string> } = {},
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const ordered = Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1));
  let end = 0;
  for (const [name, tensor] of ordered) {
    if (name === '__metadata__') throw new Error(`${path}: __metadata__ cannot be the name of a tensor`);
    if ('data' in tensor) checkLength(path, name, tensor);
    const stored = 'data' in tensor && tensor.data instanceof Int32Array ? 'I32' : dtype;
    const begin = end;
    end += elementCount(tensor.shape) * (stored === 'F32' || stored === 'I32' ? 4 : 2);
    header[name] = { dtype: stored, shape: tensor.shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = openSync(path, 'w');
  try {
    writeFully(file, length);
    writeFully(file, padded);
    for (const [name, tensor] of ordered) {
      const data = 'data' in tensor ? tensor.data : tensor.readFloats();
      checkLength(path, name, { shape: tensor.shape, data });
      writeFully(file, toLittleEndian(data instanceof Int32Array ? data : narrow(data, dtype)));
    }
  } finally {
    closeSync(file);
  }
}

function readTensor(
  file: number,
  { name, dtype, shape, begin, end }: HeaderEntry,
  { path, dataStart }: { path: string; dataStart: number },
): HostTensor {
  if (!READABLE.includes(dtype))
    throw new Error(`${path}: tensor ${name}: type ${dtype}, expected one of ${READABLE.join(', ')}`);
  const isHalf = dtype === 'F16' || dtype === 'BF16';
  const count = (end - begin) / (isHalf ? 2 : 4);
  const values = isHalf
    ? new Uint16Array(count)
    : dtype === 'I32'
      ? new Int32Array(count)
      : new Float32Array(count);
  const bytes = Buffer.from(values.buffer);
  readFully(file, bytes, dataStart + begin, `${path}: tensor ${name}`);
  if (endianness() === 'BE') swapBytes(bytes, values.BYTES_PER_ELEMENT);
  if (!(values instanceof Uint16Array)) return { shape, data: values };
  return { shape, data: dtype === 'F16' ? widenF16(values) : widenBF16(values) };
}

function narrow(floats: Float32Array, dtype: FloatDtype): Float32Array | Uint16Array {
  if (dtype === 'F32') return floats;
  return dtype === 'F16' ? narrowToF16(floats) : narrowToBF16(floats);
}

function checkLength(path: string, name: string, { shape, data }: HostTensor): void {
  if (elementCount(shape) === data.length) return;
  throw new Error(
    `${path}: tensor ${name} has ${data.length} values, its shape [${shape}] wants ${elementCount(shape)}`,
  );
}

function toLittleEndian(data: Float32Array | Int32Array | Uint16Array): Buffer {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return endianness() === 'BE' ? swapBytes(Buffer.from(bytes), data.BYTES_PER_ELEMENT) : bytes;
}

function swapBytes(bytes: Buffer, width: number): Buffer {
  return width === 2 ? bytes.swap16() : bytes.swap32();
}

function writeFully(file: number, bytes: Buffer): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(file, bytes, done, Math.min(bytes.length - done, 2 ** 30));
}
