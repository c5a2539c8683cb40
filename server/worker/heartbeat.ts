import { closeSync, openSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';

/** Touched by the worker; a file and not a row, so that it beats on while the database is locked or the disk is full. */
const HEARTBEAT_FILE = 'worker.heartbeat';
const BEAT_MS = 2000;

/**
 * Beats until the returned function is called. Where the data folder cannot be written there are no beats; `onError` hears of the
 * first that failed.
 */
export function startHeartbeat(dataFolder: string, onError: (error: unknown) => void): () => void {
  const file = path.join(dataFolder, HEARTBEAT_FILE);
  let hasFailed = false;
  const beat = () => {
    try {
      touch(file);
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) onError(error);
      hasFailed = true;
    }
  };
  beat();
  const timer = setInterval(beat, BEAT_MS);
  return () => clearInterval(timer);
}

/** When the worker of a data folder last said that it lives, UTC ms; null when none ever did. */
export function lastHeartbeat(dataFolder: string): number | null {
  return statSync(path.join(dataFolder, HEARTBEAT_FILE), { throwIfNoEntry: false })?.mtimeMs ?? null;
}

function touch(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    closeSync(openSync(file, 'a', 0o600));
  }
}
