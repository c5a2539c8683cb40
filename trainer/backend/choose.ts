import { availableParallelism, totalmem } from 'node:os';
import { registerSimdBackend, simdBackend } from './simd/register.ts';
import { tf } from './tf.ts';

/** Where steps run: `simd` is the embedded default, `cpu` tfjs' own plain JavaScript (slow, the oracle of the tests). */
export type BackendName = 'cuda' | 'native' | 'simd' | 'cpu';

const AVAILABLE = ['simd', 'cpu'] as const;

export type SimdOptions = {
  /** Threads that share each kernel; two where there are two cores. Results do not depend on it. */
  threads?: number;
  /** The most that tensors may take, 16 to 4096; by default three quarters of the machine. Fixed at the first choice. */
  memoryMb?: number;
};

/**
 * Makes a backend the one that steps run on. It belongs to the whole process; tensors and variables move along.
 * @returns the name of the backend now in use
 * @throws Error saying which backends there are when the requested one is unknown or not built
 */
export async function chooseBackend(
  requested: string = 'simd',
  { threads = Math.min(2, availableParallelism()), memoryMb = defaultMemoryMb() }: SimdOptions = {},
): Promise<(typeof AVAILABLE)[number]> {
  const name = AVAILABLE.find((available) => available === requested);
  if (!name) {
    const reason = requested === 'cuda' || requested === 'native' ? 'is not built yet' : 'is unknown';
    throw new Error(`backend '${requested}' ${reason}; available: ${AVAILABLE.join(', ')}`);
  }
  if (name === 'simd') registerSimdBackend({ memoryMb });
  await tf.setBackend(name);
  if (name === 'simd') await simdBackend().threads.resize(threads);
  // tfjs' cpu backend greets Node users with advice that does not hold here.
  else (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return name;
}

function defaultMemoryMb(): number {
  return Math.max(16, Math.min(4096, Math.floor((totalmem() / 2 ** 20) * 0.75)));
}
