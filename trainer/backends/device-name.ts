import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { BackendName } from './choose.ts';

/** NVIDIA's driver lists its cards here, without a call into CUDA. */
const GPUS = '/proc/driver/nvidia/gpus';

/** What a backend computes on, in words: the processor's model and how many threads it has, or the first GPU's model. */
export function deviceName(backend: BackendName, gpuFolder = GPUS): string {
  if (backend === 'cuda') return gpuModel(gpuFolder) ?? 'a GPU';
  const threads = availableParallelism();
  const model = cpus()[0]?.model.replace(/\s+/g, ' ').trim() || process.arch;
  return `${model}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

function gpuModel(folder: string): string | null {
  const first = existsSync(folder) ? readdirSync(folder).sort()[0] : undefined;
  if (first === undefined) return null;
  const file = join(folder, first, 'information');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return /^Model:\s*(.+?)\s*$/m.exec(text)?.[1] ?? null;
}
