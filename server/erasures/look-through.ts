import { closeSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

const CHUNK = 4 * 2 ** 20;
/** So many are looked for in a chunk without a pause: a person may have written thousands of rationales. */
const AT_ONCE = 50;

/** Where bytes of a file are one of `needles`, from first to last. Holds a few megabytes, and lets others run in between. */
export async function placesIn(
  file: string,
  needles: readonly Buffer[],
): Promise<{ at: number; length: number }[]> {
  const overlap = Math.max(0, ...needles.map((needle) => needle.length - 1));
  const places: { at: number; length: number }[] = [];
  const buffer = Buffer.alloc(CHUNK + overlap);
  const fd = openSync(file, 'r');
  try {
    let kept = 0;
    let from = 0;
    for (;;) {
      const read = readSync(fd, buffer, kept, CHUNK, from + kept);
      const view = buffer.subarray(0, kept + read);
      for (const [index, needle] of needles.entries()) {
        if (index > 0 && index % AT_ONCE === 0) await nextTurn();
        for (let at = view.indexOf(needle); at >= 0; at = view.indexOf(needle, at + 1))
          places.push({ at: from + at, length: needle.length });
      }
      if (read === 0) break;
      const rest = Math.min(overlap, view.length);
      view.copy(buffer, 0, view.length - rest);
      from += view.length - rest;
      kept = rest;
      await nextTurn();
    }
  } finally {
    closeSync(fd);
  }
  return places.sort((a, b) => a.at - b.at);
}

/** Writes "x" over every place where a file says one of `needles`: its length stays, so whoever appends to it may go on. */
export async function maskIn(file: string, needles: readonly Buffer[]): Promise<boolean> {
  const places = await placesIn(file, needles);
  if (places.length === 0) return false;
  const fd = openSync(file, 'r+');
  try {
    for (const { at, length } of places) writeSync(fd, Buffer.alloc(length, 'x'), 0, length, at);
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Files below a folder, with paths relative to it; `skip` leaves out folders and files by their path. */
export function* filesBelow(
  root: string,
  skip: (relative: string) => boolean,
  below = '',
): Generator<string> {
  const entries = readdirSync(path.join(root, below), { withFileTypes: true });
  for (const entry of entries) {
    const relative = path.join(below, entry.name);
    if (skip(relative)) continue;
    if (entry.isDirectory()) yield* filesBelow(root, skip, relative);
    else if (entry.isFile() && statSync(path.join(root, relative), { throwIfNoEntry: false })) yield relative;
  }
}
