import { renameSync, statSync } from 'node:fs';
import pino from 'pino';

const MAX_BYTES = 20 * 2 ** 20;
/** earlier files: `<file>.1` is the newest */
const KEPT_FILES = 4;
const LOOK_MS = 60_000;

/**
 * A log file that is never longer than twenty megabytes or so, with the four before it. Readable by its owner alone. A disk that is
 * full costs log lines, never the process.
 */
export function openLogFile(file: string): pino.DestinationStream {
  turnOver(file);
  const destination = pino.destination({ dest: file, append: true, mkdir: true, mode: 0o600, sync: true });
  destination.on('error', () => {});
  setInterval(() => {
    if (turnOver(file)) destination.reopen();
  }, LOOK_MS).unref();
  return destination;
}

/** Puts a file that has grown too long behind the earlier ones. True when it did. */
export function turnOver(file: string, maxBytes = MAX_BYTES): boolean {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < maxBytes) return false;
    for (let number = KEPT_FILES - 1; number >= 1; number -= 1) {
      if (statSync(`${file}.${number}`, { throwIfNoEntry: false }))
        renameSync(`${file}.${number}`, `${file}.${number + 1}`);
    }
    renameSync(file, `${file}.1`);
    return true;
  } catch {
    // it goes on growing, and is looked at again
    return false;
  }
}
