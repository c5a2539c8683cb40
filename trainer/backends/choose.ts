import { availableParallelism, totalmem } from 'node:os';
import { setStepBackend } from '../tensors/active-backend.ts';
import { eagerSteps } from '../tensors/eager-steps.ts';
import type { StepBackend } from '../tensors/step-backend.ts';
import { tf } from '../tensors/tf.ts';
import { findAddon, loadAddon } from './graph/addon.ts';
import { graphSteps } from './graph/compiled-step.ts';
import { registerNativeBackend } from './graph/register.ts';
import { registerSimdBackend, simdBackend } from './simd/register.ts';

/** Best first. */
const ALL = ['cuda', 'native', 'simd', 'cpu'] as const;

/**
 * Where steps run: `cuda` and `native` are TensorFlow, where `npm run native` has installed it, `simd` is the embedded one,
 * `cpu` tfjs' own plain JavaScript (slow, the oracle of the tests).
 */
export type BackendName = (typeof ALL)[number];

/** How each of them runs compiled steps. */
const STEPS: Record<BackendName, StepBackend> = {
  cuda: graphSteps,
  native: graphSteps,
  simd: eagerSteps,
  cpu: eagerSteps,
};

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
 * The best backend there is: cuda, native, simd. TensorFlow's CUDA build runs on the processor where it sees no GPU.
 * @param findNative what `npm run native` has installed; null where nothing
 */
export function bestBackend(findNative: () => { seesGpu: boolean } | null = findLoadableNative): BackendName {
  const native = findNative();
  if (!native) return 'simd';
  return native.seesGpu ? 'cuda' : 'native';
}

/**
 * The backend of a run that names none: what PLUMBLINE_BACKEND says, otherwise the one that the run's checkpoint was made on,
 * since a run goes on bit for bit only there, otherwise the best.
 * @throws Error saying which backends there are when PLUMBLINE_BACKEND is none of them
 */
export function defaultBackend(startedOn: string | null = null): BackendName {
  const wish = process.env.PLUMBLINE_BACKEND;
  if (wish) return knownBackend(wish, `PLUMBLINE_BACKEND: backend '${wish}'`);
  return startedOn === null
    ? bestBackend()
    : knownBackend(startedOn, `the checkpoint's backend '${startedOn}'`);
}

/**
 * Makes a backend the one that steps run on. It belongs to the whole process; tensors and variables move along.
 * @returns the name of the backend now in use
 * @throws Error saying which backends there are when the requested one is unknown or not installed
 */
export async function chooseBackend(
  requested: string = defaultBackend(),
  { threads = Math.min(2, availableParallelism()), memoryMb = defaultMemoryMb() }: SimdOptions = {},
): Promise<BackendName> {
  const name = knownBackend(requested, `backend '${requested}'`);
  if (name === 'native' || name === 'cuda') {
    checkInstalled(name);
    registerNativeBackend();
    await tf.setBackend('native');
    setStepBackend(STEPS[name]);
    return name;
  }
  if (name === 'simd') registerSimdBackend({ memoryMb });
  await tf.setBackend(name);
  setStepBackend(STEPS[name]);
  if (name === 'simd') await simdBackend().threads.resize(threads);
  // tfjs' cpu backend greets Node users with advice that does not hold here.
  else (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return name;
}

function knownBackend(name: string, called: string): BackendName {
  const known = ALL.find((backend) => backend === name);
  if (!known) throw new Error(`${called} is unknown; available: ${available().join(', ')}`);
  return known;
}

/** An installed addon that does not load (its cache was deleted, another machine's build) must not stop a run that did not ask for it. */
function findLoadableNative(): { seesGpu: boolean } | null {
  if (!isNativeInstalled()) return null;
  try {
    return { seesGpu: loadAddon().isUsingGpuDevice() };
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    process.emitWarning(
      `the native backend does not load, simd is used (npm run native repairs it): ${reason}`,
    );
    return null;
  }
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
