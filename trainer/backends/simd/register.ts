import { tf } from '../../tensors/tf.ts';
import { registerAttentionKernels } from './attention-kernels.ts';
import { SimdBackend } from './backend.ts';
import { registerCoreKernels } from './core-kernels.ts';
import { registerCpuFallbacks } from './kernel-registration.ts';
import { registerLayerNormAndGelu } from './layer-norm-gelu-kernels.ts';
import { registerOpKernels } from './op-kernels.ts';

/**
 * Registers the backend 'simd' with tfjs, once.
 * @throws Error when the memory or the WebAssembly module cannot be made
 * @param memoryMb the most that tensors may take; at first use a little, grown as needed
 */
export function registerSimdBackend({ memoryMb }: { memoryMb: number }): void {
  if (tf.findBackendFactory('simd')) return;
  // Made here and not in tfjs' factory, which would swallow the error.
  const backend = new SimdBackend({ memoryMb });
  tf.registerBackend('simd', () => backend);
  registerCpuFallbacks();
  registerOpKernels();
  registerLayerNormAndGelu();
  registerAttentionKernels();
  registerCoreKernels();
}

/** The simd backend, which must be the active one. */
export function simdBackend(): SimdBackend {
  const backend = tf.backend();
  if (backend instanceof SimdBackend) return backend;
  throw new Error(`the active backend is ${tf.getBackend()}, expected simd`);
}
