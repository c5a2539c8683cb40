import { type BackendName, bestBackend, isNativeInstalled } from '../../trainer/backends/choose.ts';

const announced = new Set<string>();

/**
 * The given backends, and native where `npm run native` has installed it, and cuda where its CUDA build sees a GPU; elsewhere
 * their tests are left out after one printed line. With CI=true and PLUMBLINE_NATIVE=1 absence of native is an error: nothing
 * skips in silence.
 */
export function withNative(backends: readonly BackendName[]): BackendName[] {
  if (isNativeInstalled()) {
    if (bestBackend() === 'cuda') return [...backends, 'native', 'cuda'];
    announce('skipped: no GPU here, or not the CUDA build (npm run native -- --cuda)');
    return [...backends, 'native'];
  }
  if (process.env.CI === 'true' && process.env.PLUMBLINE_NATIVE === '1')
    throw new Error('tests need the native backend: run npm run native');
  announce('skipped: the native backend is not installed (npm run native)');
  return [...backends];
}

function announce(line: string): void {
  if (!announced.has(line)) console.warn(line);
  announced.add(line);
}
