import { readEnv } from '../env.ts';

/** Small files may hold anything; beyond, text that unpacks to a hundred times its size is made to fill a disk. */
const FREE_UNPACKED_BYTES = 16 * 2 ** 20;
const MAX_RATIO = 100;

export type ImportLimits = { unpackedBytes: number; rows: number; keptRejects: number };

/** What an import of a file of this size may bring, by the settings (env.ts). */
export function importLimits(fileBytes: number): ImportLimits {
  const { PLUMBLINE_IMPORT_BYTES, PLUMBLINE_IMPORT_ROWS, PLUMBLINE_IMPORT_REJECTS } = readEnv();
  return {
    unpackedBytes: Math.min(PLUMBLINE_IMPORT_BYTES, Math.max(FREE_UNPACKED_BYTES, MAX_RATIO * fileBytes)),
    rows: PLUMBLINE_IMPORT_ROWS,
    keptRejects: PLUMBLINE_IMPORT_REJECTS,
  };
}

/** Why an import stopped before the end of its file. */
export function tooManyRows({ rows }: ImportLimits): string {
  return `Stopped after ${rows} rows, the most that one import may bring (PLUMBLINE_IMPORT_ROWS). What was taken stays; bring the rest in as files of their own.`;
}
