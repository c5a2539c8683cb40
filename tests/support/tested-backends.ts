import { type BackendName, isNativeInstalled } from '../../trainer/backend/choose.ts';

let announced = false;

/**
 * The given backends, and native where `npm run native` has installed it; elsewhere its tests are left out after one
 * printed line. With CI=true and PLUMBLINE_NATIVE=1 absence is an error: nothing skips in silence.
 */
export function withNative(backends: readonly BackendName[]): BackendName[] {
  if (isNativeInstalled()) return [...backends, 'native'];
  if (process.env.CI === 'true' && process.env.PLUMBLINE_NATIVE === '1')
    throw new Error('tests need the native backend: run npm run native');
  if (!announced) console.warn('skipped: the native backend is not installed (npm run native)');
  announced = true;
  return [...backends];
}
