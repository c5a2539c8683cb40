import type { HostTensor } from './host-tensor.ts';
import type { StepBackend } from './step-backend.ts';
import { type Tensor, tf } from './tf.ts';

/** Steps on a backend whose kernels run at once: the step itself is called each time. */
export const eagerSteps: StepBackend = {
  compileStep: (name, step, { precision }) => {
    return async (hostInputs) => {
      if (precision !== 'float32')
        throw new Error(
          `${name}: precision ${precision} needs the native backend, this is ${tf.getBackend()}`,
        );
      const hostOutputs: Record<string, HostTensor> = {};
      // Nothing is returned from tidy: it would search the outputs for tensors element by element.
      tf.tidy(() => {
        const inputs: Record<string, Tensor> = {};
        for (const [key, input] of Object.entries(hostInputs)) inputs[key] = toTensor(input);
        const outputs = step(inputs);
        for (const key in outputs) hostOutputs[key] = toHost(`${name}: output ${key}`, outputs[key]);
      });
      return hostOutputs;
    };
  },
  preparesShapes: false,
};

function toTensor({ shape, data }: HostTensor): Tensor {
  // A copy: tfjs would keep the caller's array, which the caller may fill anew for the next step.
  return tf.tensor(data.slice(), shape, data instanceof Float32Array ? 'float32' : 'int32');
}

function toHost(argument: string, tensor: Tensor | undefined): HostTensor {
  if (!(tensor instanceof tf.Tensor)) throw new Error(`${argument} is ${typeof tensor}, expected a tensor`);
  const data = tensor.dataSync();
  if (tensor.dtype === 'float32') return { shape: [...tensor.shape], data: Float32Array.from(data) };
  if (tensor.dtype === 'int32') return { shape: [...tensor.shape], data: Int32Array.from(data) };
  throw new Error(`${argument} is ${tensor.dtype}, expected float32 or int32`);
}
