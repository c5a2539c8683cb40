import { statfsSync, statSync } from 'node:fs';

/** @throws Error in one line when the folder's disk has less room than `neededMb` */
export function checkDiskSpace(folder: string, neededMb: number): void {
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
  const { bavail, bsize } = statfsSync(folder);
  const freeMb = Math.floor((bavail * bsize) / 2 ** 20);
  if (freeMb < neededMb)
    throw new Error(`${folder}: ${freeMb} MB are free, ${neededMb} MB are needed (PLUMBLINE_CACHE moves it)`);
}
