import { type BackendName, chooseBackend } from '../../trainer/backend/choose.ts';

/** The backends that are built, in the order tests should run on them: the oracle first. */
export async function builtBackends(): Promise<BackendName[]> {
  const built: BackendName[] = [];
  for (const name of ['simd', 'cpu']) {
    try {
      built.unshift(await chooseBackend(name));
    } catch (error) {
      if (!/is unknown|is not built yet/.test((error as Error).message)) throw error;
    }
  }
  return built;
}
