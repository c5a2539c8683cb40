import { createHash } from 'node:crypto';
import type { HostTensor } from '../../tensors/host-tensor.ts';
import type { Precision, Step, StepBackend } from '../../tensors/step-backend.ts';
import { type Tensor, tf, type Variable } from '../../tensors/tf.ts';
import { NativeBackend } from './backend.ts';
import type { DataType, TensorType } from './graph-writer.ts';
import { Program, type TracedGraph } from './program.ts';
import { deleteTensors, feed, read } from './session.ts';

type Traced = TracedGraph & {
  content: string;
  variables: Variable[];
  outputs: { key: string; shape: number[] }[];
};

/** Steps on TensorFlow, which runs on a processor while JavaScript waits: their promises are there at once. */
export const graphSteps: StepBackend = {
  compileStep: (name, step, { precision }) => {
    const graphs = new CompiledStep(name, step, precision);
    return async (inputs) => graphs.run(inputs);
  },
  preparesShapes: true,
};

/**
 * A step as TensorFlow graphs: traced once for each set of input shapes. Graphs of the same content are loaded once, however
 * often the step is compiled.
 */
class CompiledStep {
  readonly #name: string;
  readonly #step: Step;
  readonly #precision: Precision;
  readonly #traced = new Map<string, Traced>();

  constructor(name: string, step: Step, precision: Precision) {
    this.#name = name;
    this.#step = step;
    this.#precision = precision;
  }

  /** @throws Error when an op of the step has no form as nodes, or TensorFlow fails; the step's name is in front */
  run(inputs: Record<string, HostTensor>): Record<string, HostTensor> {
    const backend = tf.backend();
    if (!(backend instanceof NativeBackend))
      throw new Error(`${this.#name}: the native backend is not active`);
    const key = Object.entries(inputs)
      .map(([name, { shape, data }]) => `${name}:${dtypeOf(data)}[${shape}]`)
      .join();
    let traced = this.#traced.get(key);
    if (!traced) {
      traced = this.#trace(backend, inputs);
      this.#traced.set(key, traced);
    }
    const { content, variables } = traced;
    for (const [slot, variable] of variables.entries()) {
      if (variable.isDisposed) throw new Error(`${this.#name}: variable ${variable.name} is disposed`);
      const isShared = traced.slots[slot]?.isWritten && backend.refCount(variable.dataId) > 1;
      if (isShared) backend.makeOwn(variable);
      backend.noteShape(variable);
    }
    try {
      const { residency } = backend;
      const program = residency.programFor(content, variables, () => new Program(traced));
      residency.prepare(program, variables);
      // copies, since TensorFlow uses the memory of what it is fed
      const feeds = Object.values(inputs).map(({ shape, data }) => feed(shape, data.slice()));
      const results = program.run(feeds);
      deleteTensors(feeds);
      const outputs: Record<string, HostTensor> = {};
      traced.outputs.forEach(({ key: output, shape }, i) => {
        outputs[output] = { shape: [...shape], data: read(results[i] as number) };
      });
      deleteTensors(results);
      return outputs;
    } catch (error) {
      throw new Error(`${this.#name}: ${(error as Error).message}`, { cause: error });
    }
  }

  #trace(backend: NativeBackend, hostInputs: Record<string, HostTensor>): Traced {
    const outputs: Traced['outputs'] = [];
    const trace = backend.traceStep((current) => {
      tf.tidy(() => {
        const inputs: Record<string, Tensor> = {};
        for (const [key, { shape, data }] of Object.entries(hostInputs)) {
          const dtype = dtypeOf(data);
          const info = backend.symbol(current.input(shape, dtype), [...shape], dtype);
          inputs[key] = tf.engine().makeTensorFromTensorInfo(info, backend);
        }
        for (const [key, tensor] of Object.entries(this.#step(inputs))) {
          if (!(tensor instanceof tf.Tensor))
            throw new Error(`${this.#name}: output ${key} is ${typeof tensor}, expected a tensor`);
          const dtype = tensor.dtype as DataType;
          if (dtype !== 'float32' && dtype !== 'int32')
            throw new Error(`${this.#name}: output ${key} is ${dtype}, expected float32 or int32`);
          current.output(backend.node(tensor), dtype);
          outputs.push({ key, shape: [...tensor.shape] });
        }
      });
    }, this.#precision);
    const { savedModel, slots, variables } = trace.finish();
    const content = createHash('sha256').update(savedModel).digest('hex');
    const numInputs = Object.keys(hostInputs).length;
    return { savedModel, content, slots, variables, outputs, numInputs, numOutputs: outputs.length };
  }
}

function dtypeOf(data: Float32Array | Int32Array): TensorType {
  return data instanceof Float32Array ? 'float32' : 'int32';
}
