import { tf } from './tf.ts';

/** Where steps run: `simd` is the embedded default, `cpu` tfjs' own plain JavaScript (slow, the oracle of the tests). */
export type BackendName = 'cuda' | 'native' | 'simd' | 'cpu';

const AVAILABLE: readonly BackendName[] = ['cpu'];

/**
 * Makes a backend the one that steps run on. It belongs to the whole process.
 * @returns the name of the backend now in use
 * @throws Error saying which backends there are when the requested one is unknown or not built
 */
export async function chooseBackend(requested: string = 'cpu'): Promise<BackendName> {
  const name = AVAILABLE.find((available) => available === requested);
  if (!name) {
    const reason = requested === 'cuda' || requested === 'native' ? 'is not built yet' : 'is unknown';
    throw new Error(`backend '${requested}' ${reason}; available: ${AVAILABLE.join(', ')}`);
  }
  await tf.setBackend(name);
  return name;
}
