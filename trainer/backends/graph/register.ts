import { tf } from '../../tensors/tf.ts';
import { loadAddon } from './addon.ts';
import { attentionKernels } from './attention-kernels.ts';
import { NativeBackend } from './backend.ts';
import { coreKernels } from './core-kernels.ts';
import { decodeKernels } from './decode-kernels.ts';
import { registerKernels } from './kernel-registration.ts';
import { layerNormAndGeluKernels } from './layer-norm-gelu-kernels.ts';
import { opKernels } from './op-kernels.ts';
import { sampleToken } from './sampling-kernels.ts';

/**
 * Registers the backend 'native' with tfjs, once.
 * @throws Error saying how to install it where it is not
 */
export function registerNativeBackend(): void {
  loadAddon();
  if (tf.findBackendFactory('native')) return;
  tf.registerBackend('native', () => new NativeBackend());
  registerKernels(
    new Map([
      ...coreKernels(),
      ...opKernels,
      ...layerNormAndGeluKernels,
      ...attentionKernels,
      ...decodeKernels,
      sampleToken,
    ]),
  );
}
