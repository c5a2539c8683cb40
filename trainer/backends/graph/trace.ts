/**
 * One run of a step with symbolic tensors: tfjs' engine calls kernels as always (its autodiff writes the backward pass), and
 * the kernels add nodes to a graph.
 */
import type { Precision } from '../../tensors/step-backend.ts';
import { type TensorInfo, tf, type Variable } from '../../tensors/tf.ts';
import { type DataType, GraphWriter, type NodeOutput } from './graph-writer.ts';
import { Nodes } from './nodes.ts';

/** A variable of the graph. Which tf.Variable it stands for is decided at each run, by position. */
export type Slot = { shape: number[]; dtype: DataType; isWritten: boolean };
type TracedVariable = Slot & {
  variable: Variable;
  handle: NodeOutput;
  /** the current value, once somebody asked for it */
  value: NodeOutput | null;
  /** reads since the last write, which the next write has to wait for */
  reads: NodeOutput[];
  lastWrite: NodeOutput | null;
};
type HostValues = Float32Array | Int32Array | Uint8Array;

/** Name of the fetched node that waits for every write. */
export const DONE = 'done';

export class Trace {
  readonly graph = new GraphWriter();
  readonly nodes: Nodes;
  /** nodes that are a matrix with its rows scaled: products with them scale the smaller side instead */
  readonly rowScaled = new Map<NodeOutput, { matrix: NodeOutput; factorsN1: NodeOutput }>();
  /** nodes that are rows added up by id: whoever adds them to a matrix adds the rows there */
  readonly scattered = new Map<NodeOutput, { ids: NodeOutput; rows: NodeOutput }>();
  /** nodes of matrices that are at hand transposed, see columns.ts */
  readonly columns = new Map<NodeOutput, NodeOutput>();
  /** the attention weights of each block of queries, by those of the first, see attention-kernels.ts */
  readonly blockWeights = new Map<NodeOutput, NodeOutput[]>();
  /** the last in-place update of a large variable, see `adamw` in op-kernels.ts */
  lastUpdate: NodeOutput | null = null;
  readonly #symbols = new Map<object, NodeOutput>();
  readonly #variables = new Map<object, Variable>();
  readonly #traced = new Map<Variable, TracedVariable>();
  #inputs = 0;
  #outputs = 0;

  /** Every variable there is must have data of its own. */
  constructor(variables: Iterable<Variable>, precision: Precision) {
    this.nodes = new Nodes(this.graph, precision);
    for (const variable of variables) this.#variables.set(variable.dataId, variable);
  }

  /** A symbolic tensor to be fed at each run; returns its node. */
  input(shape: readonly number[], dtype: DataType): NodeOutput {
    const name = `x${this.#inputs++}`;
    return this.graph.node({
      op: 'Placeholder',
      attributes: { dtype: { type: dtype }, shape: { shape } },
      name,
    });
  }

  /** Fetches a node at each run. */
  output(node: NodeOutput, dtype: DataType): void {
    const name = `y${this.#outputs++}`;
    this.graph.node({ op: 'Identity', inputs: [node], attributes: { T: { type: dtype } }, name });
  }

  define(dataId: object, node: NodeOutput): void {
    this.#symbols.set(dataId, node);
  }

  /** Whether the values of a tensor are known only when the graph runs. */
  isSymbolic(dataId: object): boolean {
    return this.#symbols.has(dataId) || this.#variables.has(dataId);
  }

  /** The node of a tensor: a symbol, the current value of a variable, or a constant made from `hostValues`. */
  node(info: TensorInfo, hostValues: () => HostValues): NodeOutput {
    const symbol = this.#symbols.get(info.dataId);
    if (symbol) return symbol;
    const variable = this.#variables.get(info.dataId);
    if (variable) return this.#read(this.#trace(variable));
    const values = hostValues();
    const node =
      uniformValue(values) === null ? this.graph.constant(values, info.shape) : this.#fill(values, info);
    this.#symbols.set(info.dataId, node);
    return node;
  }

  /**
   * Adds a node that changes a variable in place. It comes after all that read the old value; what is read from now on is
   * the new one. `write` gets the handle and the nodes to wait for.
   */
  write(variable: Variable, write: (handle: NodeOutput, after: NodeOutput[]) => NodeOutput): void {
    const traced = this.#trace(variable);
    const after = [...traced.reads, ...(traced.lastWrite ? [traced.lastWrite] : [])].map(
      (name) => `^${name}`,
    );
    traced.lastWrite = write(traced.handle, after);
    traced.isWritten = true;
    traced.value = null;
    traced.reads = [];
  }

  /**
   * Changes a variable through an op that writes into the memory of the value it is given and passes it on. `update` gets the
   * value and the nodes to wait for; what it gives is the value from now on.
   */
  updateInPlace(
    variable: Variable,
    update: (value: NodeOutput, after: NodeOutput[]) => NodeOutput,
  ): NodeOutput {
    const traced = this.#trace(variable);
    const value = this.#read(traced);
    const after = traced.reads.filter((read) => read !== value).map((name) => `^${name}`);
    const updated = update(value, after);
    traced.lastWrite = updated;
    traced.isWritten = true;
    traced.value = updated;
    traced.reads = [];
    return updated;
  }

  /** Names of variables that the step assigned to, which a graph does not see. */
  assigned(): string[] {
    return [...this.#variables].flatMap(([dataId, { dataId: now, name }]) => (now === dataId ? [] : [name]));
  }

  /** Adds the nodes by which values come and go, and ends the graph. */
  finish(): { savedModel: Buffer; slots: Slot[]; variables: Variable[]; numNodes: number } {
    const traced = [...this.#traced.values()];
    const writes = traced.flatMap(({ lastWrite }) => (lastWrite ? [`^${lastWrite}`] : []));
    const mark = (name: string, after: NodeOutput[]) =>
      this.graph.node({
        ...{ op: 'Identity', inputs: [this.nodes.int(0), ...after], name },
        attributes: { T: { type: 'int32' } },
      });
    traced.forEach(({ handle, shape, dtype }, i) => {
      const typed = { dtype: { type: dtype } } as const;
      this.graph.node({ op: 'ReadVariableOp', inputs: [handle], attributes: typed, name: `read${i}` });
      const value = this.graph.node({
        op: 'Placeholder',
        attributes: { ...typed, shape: { shape } },
        name: `value${i}`,
      });
      const assign = this.graph.node({ op: 'AssignVariableOp', inputs: [handle, value], attributes: typed });
      mark(`assigned${i}`, [`^${assign}`]);
      const destroy = this.graph.node({
        op: 'DestroyResourceOp',
        inputs: [handle],
        attributes: { ignore_lookup_error: { bool: true } },
      });
      mark(`released${i}`, [`^${destroy}`]);
    });
    mark(DONE, writes);
    return {
      savedModel: this.graph.toSavedModel(),
      slots: traced.map(({ shape, dtype, isWritten }) => ({ shape, dtype, isWritten })),
      variables: traced.map(({ variable }) => variable),
      numNodes: this.graph.size,
    };
  }

  #trace(variable: Variable): TracedVariable {
    const known = this.#traced.get(variable);
    if (known) return known;
    const { shape } = variable;
    const dtype = variable.dtype as DataType;
    const name = `v${this.#traced.size}`;
    const handle = this.graph.node({
      op: 'VarHandleOp',
      attributes: {
        dtype: { type: dtype },
        shape: { shape },
        shared_name: { text: name },
        container: { text: '' },
      },
      name,
    });
    const traced: TracedVariable = {
      ...{ variable, shape, dtype, handle },
      ...{ isWritten: false, value: null, reads: [], lastWrite: null },
    };
    this.#traced.set(variable, traced);
    return traced;
  }

  #read(traced: TracedVariable): NodeOutput {
    if (traced.value) return traced.value;
    const inputs = traced.lastWrite ? [traced.handle, `^${traced.lastWrite}`] : [traced.handle];
    const attributes = { dtype: { type: traced.dtype } } as const;
    traced.value = this.graph.node({ op: 'ReadVariableOp', inputs, attributes });
    traced.reads.push(traced.value);
    return traced.value;
  }

  /** tfjs makes arrays of ones and zeros in many gradients; a large constant of them would bloat the graph. */
  #fill(values: HostValues, { shape, dtype }: TensorInfo): NodeOutput {
    const value = this.graph.constant(values.slice(0, 1), []);
    if (shape.length === 0) return value;
    return this.graph.pure('Fill', [this.nodes.ints(shape), value], {
      T: { type: dtype as DataType },
      index_type: { type: 'int32' },
    });
  }
}

/** All variables of the process. */
export function allVariables(): Variable[] {
  const { state } = tf.engine() as unknown as { state: { registeredVariables: Record<string, Variable> } };
  return Object.values(state.registeredVariables);
}

function uniformValue(values: HostValues): number | null {
  const first = values[0];
  if (first === undefined) return null;
  for (const value of values) if (!Object.is(value, first)) return null;
  return first;
}
