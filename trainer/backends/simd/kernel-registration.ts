import { type TensorInfo, tf } from '../../tensors/tf.ts';
import type { SimdBackend } from './backend.ts';

export type SimdKernel = (
  inputs: Record<string, TensorInfo>,
  backend: SimdBackend,
  attributes: Record<string, unknown>,
) => TensorInfo | TensorInfo[];

/** Puts a kernel of the simd backend in the place of the cpu one copied before. */
export function registerSimdKernel(name: string, kernel: SimdKernel): void {
  if (tf.getKernel(name, 'simd')) tf.unregisterKernel(name, 'simd');
  tf.registerKernel({
    kernelName: name,
    backendName: 'simd',
    kernelFunc: ({ inputs, backend, attrs }) =>
      kernel(inputs as Record<string, TensorInfo>, backend as SimdBackend, attrs ?? {}),
  });
}

/** Registers all cpu kernels for simd too; those that run on large tensors are counted. */
export function registerCpuFallbacks(): void {
  for (const config of tf.getKernelsForBackend('cpu')) {
    const { kernelName, kernelFunc } = config;
    tf.registerKernel({
      ...config,
      backendName: 'simd',
      kernelFunc: (call) => {
        (call.backend as SimdBackend).noteFallback(kernelName, call.inputs);
        return kernelFunc(call);
      },
    });
  }
}
