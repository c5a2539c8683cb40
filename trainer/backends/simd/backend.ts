import { MathBackendCPU, type Tensor, type TensorInfo, tf, type Variable } from '../../tensors/tf.ts';
import { type Block, SharedHeap } from './heap.ts';
import { CONTROL_BYTES, type KernelCall, ThreadTeam } from './threads.ts';

type Values = Float32Array | Int32Array;
/** What the cpu backend keeps for a tensor, with the place in the shared memory when it lives there. */
type TensorData = { values: Values; dtype: string; refCount: number; block?: Block };
type DType = 'float32' | 'int32';
type CpuBackend = InstanceType<typeof MathBackendCPU>;

/** Inputs of this many elements on a kernel that has no wasm version are worth a warning. */
const LARGE_ELEMENTS = 65_536;
/** Kernels of the cpu backend that only pass their data on. */
const FREE_KERNELS = new Set(['Identity', 'Reshape', 'ExpandDims', 'Fill', 'ZerosLike', 'OnesLike', 'Range']);

/**
 * tfjs' cpu backend with tensors in one shared WebAssembly.Memory: hot kernels are WebAssembly over one or more threads,
 * all others are those of the cpu backend, which read the tensors in the shared memory as they are.
 */
export class SimdBackend extends MathBackendCPU {
  readonly heap: SharedHeap;
  readonly threads: ThreadTeam;
  /** How often each cpu kernel ran on a large tensor: what is still to be written as wasm. */
  readonly cpuFallbacks = new Map<string, number>();

  constructor(options: { memoryMb: number }) {
    super();
    // The cpu backend greets Node users with advice that does not hold here.
    (this as unknown as { firstUse: boolean }).firstUse = false;
    this.heap = new SharedHeap({ maximumMb: options.memoryMb, reservedBytes: CONTROL_BYTES });
    this.threads = new ThreadTeam(this.heap);
  }

  #dataOf(info: TensorInfo): TensorData {
    return this.data.get(info.dataId) as unknown as TensorData;
  }

  /** A new tensor in the shared memory; its elements are whatever was there before. */
  output(shape: number[], dtype: DType = 'float32'): TensorInfo {
    const size = sizeOf(shape);
    const block = this.heap.allocate(size * 4);
    const values =
      dtype === 'float32' ? this.heap.float32(block.pointer, size) : this.heap.int32(block.pointer, size);
    const dataId = super.write(values, shape, dtype);
    const info = { dataId, shape, dtype };
    this.#dataOf(info).block = block;
    return info;
  }

  zeros(shape: number[], dtype: DType = 'float32'): TensorInfo {
    const info = this.output(shape, dtype);
    this.values(info).fill(0);
    return info;
  }

  /** The elements of a tensor as they are now; a view, not a copy. */
  values(info: TensorInfo): Values {
    return this.#dataOf(info).values;
  }

  /** The address of a tensor in the shared memory; one that lives elsewhere is moved in at its first use. */
  pointer(info: TensorInfo): number {
    const data = this.#dataOf(info);
    if (data.block) return data.block.pointer;
    // the dtype decides: tfjs' cpu Cast makes a float32 of a bool without changing its bytes' array
    const isFloat = info.dtype === 'float32';
    if (!isFloat && info.dtype !== 'int32') {
      throw new Error(`simd backend: a kernel takes float32 and int32, not ${info.dtype}`);
    }
    const size = data.values.length;
    const block = this.heap.allocate(size * 4);
    const view = isFloat ? this.heap.float32(block.pointer, size) : this.heap.int32(block.pointer, size);
    view.set(data.values);
    data.values = view;
    data.block = block;
    return block.pointer;
  }

  /**
   * The address of a variable that is about to be changed in place. Should another tensor share its data (a clone, or a
   * second variable made from the same tensor), the variable gets a copy of its own first.
   */
  pointerForWriting(variable: Tensor): number {
    if (this.refCount(variable.dataId) > 1) {
      const copy = this.output(variable.shape, variable.dtype as DType);
      this.values(copy).set(this.values(variable));
      const tensor = tf.engine().makeTensorFromTensorInfo(copy);
      (variable as Variable).assign(tensor);
      tensor.dispose();
    }
    return this.pointer(variable);
  }

  run(call: KernelCall): void {
    this.threads.run(call);
  }

  /**
   * Kernels of the cpu backend may hand out a part of their input's values (Slice does). In a memory that is used again
   * that would be a use after free, so values that lie in it are copied.
   */
  override write(...[values, shape, dtype]: Parameters<CpuBackend['write']>): object {
    const isShared = ArrayBuffer.isView(values) && (values.buffer as unknown) instanceof SharedArrayBuffer;
    return super.write(isShared ? (values as Float32Array).slice() : values, shape, dtype);
  }

  /** A copy for tensors in the shared memory: a view would show the next tensor after this one is disposed. */
  override readSync(dataId: object): ReturnType<CpuBackend['readSync']> {
    const values = super.readSync(dataId);
    const data = this.data.get(dataId) as unknown as TensorData;
    return data.block ? (values as Float32Array).slice() : values;
  }

  override disposeData(dataId: object, force = false): boolean {
    const block = this.data.has(dataId) ? (this.data.get(dataId) as unknown as TensorData).block : undefined;
    const isGone = super.disposeData(dataId, force);
    if (isGone && block) this.heap.release(block);
    return isGone;
  }

  /** Counts a cpu kernel on large tensors and says so at its first time. */
  noteFallback(kernel: string, inputs: Record<string, TensorInfo | TensorInfo[] | undefined>): void {
    if (FREE_KERNELS.has(kernel)) return;
    const large = Object.values(inputs)
      .flat()
      .find((info) => info && sizeOf(info.shape) >= LARGE_ELEMENTS);
    if (!large) return;
    const count = this.cpuFallbacks.get(kernel) ?? 0;
    this.cpuFallbacks.set(kernel, count + 1);
    if (count === 0) {
      console.warn(`simd backend: ${kernel} on [${large.shape.join(', ')}] runs in slow plain JavaScript`);
    }
  }
}

export function sizeOf(shape: number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}
