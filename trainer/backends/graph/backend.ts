import type { Precision } from '../../tensors/step-backend.ts';
import { MathBackendCPU, type TensorInfo, tf, type Variable } from '../../tensors/tf.ts';
import type { NodeOutput, TensorType } from './graph-writer.ts';
import { Residency } from './residency.ts';
import { allVariables, Trace } from './trace.ts';

type CpuBackend = InstanceType<typeof MathBackendCPU>;
type HostValues = Float32Array | Int32Array;
type TensorData = { values: HostValues; dtype: string; refCount: number };

/**
 * Outside of compiled steps this is tfjs' cpu backend. Inside, kernels add nodes to a graph, which TensorFlow runs; what
 * its variables hold comes back to the host when somebody reads it.
 */
export class NativeBackend extends MathBackendCPU {
  readonly residency: Residency;
  #trace: Trace | null = null;

  constructor() {
    super();
    // The cpu backend greets Node users with advice that does not hold here.
    (this as unknown as { firstUse: boolean }).firstUse = false;
    this.residency = new Residency({
      shape: (dataId) => this.#shapes.get(dataId) as readonly number[],
      values: (dataId) => this.#dataOf(dataId).values,
      setValues: (dataId, values) => {
        this.#dataOf(dataId).values = values;
      },
      forget: (dataId) => {
        this.#dataOf(dataId).values = new Float32Array(0);
      },
    });
  }

  readonly #shapes = new WeakMap<object, readonly number[]>();

  get isTracing(): boolean {
    return this.#trace !== null;
  }

  /** The trace that is going on. */
  get trace(): Trace {
    if (!this.#trace) throw new Error('native backend: no step is being compiled');
    return this.#trace;
  }

  /** Runs a step with symbolic tensors; kernels add to the trace meanwhile. */
  traceStep(step: (trace: Trace) => void, precision: Precision): Trace {
    if (this.#trace) throw new Error('native backend: a compiled step calls another');
    const variables = allVariables();
    const seen = new Set<object>();
    for (const variable of variables) {
      if (seen.has(variable.dataId)) this.makeOwn(variable);
      seen.add(variable.dataId);
    }
    const trace = new Trace(variables, precision);
    this.#trace = trace;
    try {
      step(trace);
    } finally {
      this.#trace = null;
    }
    const assigned = trace.assigned();
    if (assigned.length > 0) {
      throw new Error(
        `a compiled step assigned to ${assigned.join(', ')}; only ops such as adamw may change variables there`,
      );
    }
    return trace;
  }

  /** The node of a tensor in the trace that is going on. */
  node(info: TensorInfo): NodeOutput {
    return this.trace.node(info, () => this.#dataOf(info.dataId).values);
  }

  /** A tensor that stands for a node. */
  symbol(node: NodeOutput, shape: number[], dtype: TensorType = 'float32'): TensorInfo {
    const dataId = super.write(new Float32Array(0), shape, dtype);
    this.trace.define(dataId, node);
    return { dataId, shape, dtype };
  }

  /** Gives a variable data that no other tensor shares, so that it can be written in place. */
  makeOwn(variable: Variable): void {
    const values = this.readSync(variable.dataId) as HostValues;
    tf.tidy(() => variable.assign(tf.tensor(values.slice(), variable.shape, variable.dtype)));
  }

  /** Makes sure that cpu kernels find the current values of these tensors. */
  bringToHost(infos: readonly TensorInfo[]): void {
    for (const { dataId } of infos) if (this.data.has(dataId)) this.residency.bring(dataId);
  }

  /** Remembers the shape of a variable's data, for when it moves to TensorFlow. */
  noteShape({ dataId, shape }: TensorInfo): void {
    this.#shapes.set(dataId, shape);
  }

  override readSync(dataId: object): ReturnType<CpuBackend['readSync']> {
    if (this.#trace?.isSymbolic(dataId)) {
      throw new Error('a compiled step reads a tensor back; its values are known only when the graph runs');
    }
    this.residency.fetch(dataId);
    return super.readSync(dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    const isGone = super.disposeData(dataId, force);
    if (isGone) this.residency.dispose(dataId);
    return isGone;
  }

  #dataOf(dataId: object): TensorData {
    return this.data.get(dataId) as unknown as TensorData;
  }
}
