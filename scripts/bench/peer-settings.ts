import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AS_INSTALLED } from './make-rows.ts';
import { FLOAT32_ERROR } from './matmul-probe.ts';

/** A way to run the peer; the fastest of them is the peer at its best. */
export type PeerSetting = { name: string; env: Record<string, string | undefined> };

const MKL_SOURCE = fileURLToPath(new URL('../../../shared/bench/mkl_avx512.c', import.meta.url));

/** What the processes of both sides see: all cores, no network, none of the machine's own tuning. */
export function sideEnvironment(threads: number): Record<string, string | undefined> {
  return {
    OPENBLAS_CORETYPE: undefined,
    OPENBLAS_L2_SIZE: undefined,
    OMP_NUM_THREADS: String(threads),
    MKL_NUM_THREADS: String(threads),
    HF_HUB_OFFLINE: '1',
    TRL_EXPERIMENTAL_SILENCE: '1',
    TOKENIZERS_PARALLELISM: 'false',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/**
 * As installed; oneDNN instead of MKL for float32 products; and MKL told that the processor is Intel's, where the source of
 * that library lies beside the repository and a C compiler is there.
 */
export function peerSettings(folder: string): { settings: PeerSetting[]; notes: string[] } {
  const settings: PeerSetting[] = [
    { name: AS_INSTALLED, env: {} },
    { name: 'FP32PREC=medium', env: { PLUMBLINE_BENCH_MATMUL_PRECISION: 'medium' } },
  ];
  if (!existsSync(MKL_SOURCE)) {
    const shown = '../shared/bench/mkl_avx512.c';
    return { settings, notes: [`the peer was not tried with MKL's AVX-512 kernels: no ${shown}`] };
  }
  const library = join(folder, 'libmkl_avx512.so');
  const built = spawnSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-o', library, MKL_SOURCE], {
    encoding: 'utf8',
  });
  if (built.status !== 0) {
    const reason = (built.error?.message ?? built.stderr).trim().split('\n').at(-1);
    return { settings, notes: [`the peer was not tried with MKL's AVX-512 kernels: cc failed: ${reason}`] };
  }
  settings.push({ name: 'LD_PRELOAD mkl_avx512', env: { LD_PRELOAD: library } });
  return { settings, notes: [] };
}

/**
 * The settings whose float32 products are float32, and for each other one a line that says why it does not take part.
 * @param errors relative error of a product under each setting
 */
export function exactSettings(
  settings: readonly PeerSetting[],
  errors: Readonly<Record<string, number>>,
): { settings: PeerSetting[]; notes: string[] } {
  const isExact = ({ name }: PeerSetting): boolean => (errors[name] as number) <= FLOAT32_ERROR;
  const notes = settings
    .filter((setting) => !isExact(setting))
    .map(
      ({ name }) =>
        `${name} is no float32 peer here: its products err by ${errors[name]?.toExponential(1)}, float32 by less than ${FLOAT32_ERROR.toExponential(0)}`,
    );
  return { settings: settings.filter(isExact), notes };
}
