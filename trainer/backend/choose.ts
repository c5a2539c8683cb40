import { availableParallelism, totalmem } from 'node:os';
import { findAddon, loadAddon } from './graph/addon.ts';
import { registerNativeBackend } from './graph/register.ts';
import { registerSimdBackend, simdBackend } from './simd/register.ts';
import { tf } from './tf.ts';

/**
 * Where steps run: `simd` is the embedded default, `cpu` tfjs' own plain JavaScript (slow, the oracle of the tests), `native`
 * and `cuda` TensorFlow, where `npm run native` has installed it.
 */
export type BackendName = 'cuda' | 'native' | 'simd' | 'cpu';

const ALL: BackendName[] = ['cuda', 'native', 'simd', 'cpu'];

export type SimdOptions = {
  /** Threads that share each kernel; two where there are two cores. Results do not depend on it. */
  threads?: number;
  /** The most that tensors may take, 16 to 4096; by default three quarters of the machine. Fixed at the first choice. */
  memoryMb?: number;
};

/** Whether `npm run native` has been run here. */
export function isNativeInstalled(): boolean {
  return findAddon() !== null;
}

/**
 * Makes a backend the one that steps run on. It belongs to the whole process; tensors and variables move along.
 * @returns the name of the backend now in use
 * @throws Error saying which backends there are when the requested one is unknown or not installed
 */
export async function chooseBackend(
  requested: string = 'simd',
  { threads = Math.min(2, availableParallelism()), memoryMb = defaultMemoryMb() }: SimdOptions = {},
): Promise<BackendName> {
  const name = ALL.find((known) => known === requested);
  if (!name) throw new Error(`backend '${requested}' is unknown; available: ${available().join(', ')}`);
  if (name === 'native' || name === 'cuda') {
    checkInstalled(name);
    registerNativeBackend();
    await tf.setBackend('native');
    return name;
  }
  if (name === 'simd') registerSimdBackend({ memoryMb });
  await tf.setBackend(name);
  if (name === 'simd') await simdBackend().threads.resize(threads);
  // tfjs' cpu backend greets Node users with advice that does not hold here.
  else (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return name;
}

function available(): BackendName[] {
  return ALL.filter((name) => (name === 'cuda' || name === 'native' ? isNativeInstalled() : true));
}

function checkInstalled(name: 'native' | 'cuda'): void {
  const command = `npm run native${name === 'cuda' ? ' -- --cuda' : ''}`;
  if (!isNativeInstalled()) {
    throw new Error(`backend '${name}' is not installed (${command}); available: ${available().join(', ')}`);
  }
  if (name === 'cuda' && !loadAddon().isUsingGpuDevice())
    throw new Error(`backend 'cuda': TensorFlow sees no GPU here; ${command} installs its CUDA build`);
}

function defaultMemoryMb(): number {
  return Math.max(16, Math.min(4096, Math.floor((totalmem() / 2 ** 20) * 0.75)));
}
