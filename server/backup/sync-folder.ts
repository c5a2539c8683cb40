import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Puts the names in a folder onto the disk: a renamed file is safe from a power cut only then. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
