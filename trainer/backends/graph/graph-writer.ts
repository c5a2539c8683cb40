/**
 * Writes a TensorFlow graph: nodes with a name, an op, inputs and attributes (tensorflow/core/framework/graph.proto,
 * node_def.proto, attr_value.proto), and the SavedModel around it (protobuf/saved_model.proto) that the addon loads.
 */
import { createHash } from 'node:crypto';
import { ProtobufWriter } from './protobuf.ts';

/** TensorFlow's numbers of the types that nodes have here. */
export const DATA_TYPES = { float32: 1, int32: 3, bool: 10, bfloat16: 14 } as const;
export type DataType = keyof typeof DATA_TYPES;
/** those that tfjs has a name for */
export type TensorType = Exclude<DataType, 'bfloat16'>;

/** The graph version that TensorFlow 2.21 writes; it decides which checks and defaults apply. */
const PRODUCER = 1882;

type Attribute =
  | { type: DataType }
  | { int: number }
  | { float: number }
  | { bool: boolean }
  | { text: string }
  | { shape: readonly number[] }
  | { tensor: { dtype: DataType; shape: readonly number[]; bytes: Uint8Array } };
export type Attributes = Record<string, Attribute>;

/** An output of a node: its name, or `name:1` and so on; `^name` as an input means only "after it". */
export type NodeOutput = string;

export class GraphWriter {
  readonly #nodes: { name: string; op: string; inputs: readonly string[]; attributes: Attributes }[] = [];
  readonly #pure = new Map<string, string>();

  /**
   * A node of an op without state. One that is there already is used again, so rotary tables, masks and constants are
   * written once for all layers.
   */
  pure(op: string, inputs: readonly NodeOutput[], attributes: Attributes): NodeOutput {
    const key = JSON.stringify([op, inputs, attributes]);
    const known = this.#pure.get(key);
    if (known) return known;
    const name = this.node({ op, inputs, attributes });
    this.#pure.set(key, name);
    return name;
  }

  /** A node that stands for itself: state, placeholders, and what is fetched by name. */
  node(node: {
    op: string;
    inputs?: readonly NodeOutput[];
    attributes: Attributes;
    name?: string;
  }): NodeOutput {
    const { op, inputs = [], attributes, name = `n${this.#nodes.length}` } = node;
    this.#nodes.push({ name, op, inputs, attributes });
    return name;
  }

  constant(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): NodeOutput {
    const dtype =
      values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'bool';
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    // the bytes of a large table would make a large key
    const content =
      bytes.length <= 64 ? bytes.toString('base64') : createHash('sha256').update(bytes).digest('base64');
    const key = `${dtype}[${shape}]${content}`;
    const known = this.#pure.get(key);
    if (known) return known;
    const tensor = { dtype, shape, bytes: Uint8Array.from(bytes) } as const;
    const name = this.node({ op: 'Const', attributes: { dtype: { type: dtype }, value: { tensor } } });
    this.#pure.set(key, name);
    return name;
  }

  get size(): number {
    return this.#nodes.length;
  }

  /** The file saved_model.pb with this graph under the tag `serve`. */
  toSavedModel(): Buffer {
    const graph = new ProtobufWriter();
    for (const { name, op, inputs, attributes } of this.#nodes) {
      const node = new ProtobufWriter().text(1, name).text(2, op);
      // TensorFlow wants inputs that only order after those that carry data
      for (const input of inputs) if (!input.startsWith('^')) node.text(3, input);
      for (const input of inputs) if (input.startsWith('^')) node.text(3, input);
      for (const [key, attribute] of Object.entries(attributes)) {
        node.message(5, new ProtobufWriter().text(1, key).message(2, attributeMessage(attribute)));
      }
      graph.message(1, node);
    }
    graph.message(4, new ProtobufWriter().integer(1, PRODUCER));
    const tags = new ProtobufWriter().text(4, 'serve');
    const metaGraph = new ProtobufWriter().message(1, tags).message(2, graph);
    return new ProtobufWriter().integer(1, 1).message(2, metaGraph).finish();
  }
}

function attributeMessage(attribute: Attribute): ProtobufWriter {
  const message = new ProtobufWriter();
  if ('text' in attribute) return message.text(2, attribute.text);
  if ('int' in attribute) return message.integer(3, attribute.int);
  if ('float' in attribute) return message.float(4, attribute.float);
  if ('bool' in attribute) return message.integer(5, attribute.bool ? 1 : 0);
  if ('type' in attribute) return message.integer(6, DATA_TYPES[attribute.type]);
  if ('shape' in attribute) return message.message(7, shapeMessage(attribute.shape));
  const { dtype, shape, bytes } = attribute.tensor;
  const tensor = new ProtobufWriter().integer(1, DATA_TYPES[dtype]).message(2, shapeMessage(shape));
  return message.message(8, tensor.bytes(4, bytes));
}

function shapeMessage(shape: readonly number[]): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const size of shape) message.message(2, new ProtobufWriter().integer(1, size));
  return message;
}
