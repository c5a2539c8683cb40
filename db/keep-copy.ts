import { chmodSync, closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { SchemaError } from './schema-state.ts';

/** copies of so many schemas are kept; older ones are deleted */
const KEPT_SCHEMAS = 3;

/**
 * Puts a copy of a database beside it, named after its schema and the time (`plumbline-0001_run_device-20261128T164402Z.db`),
 * and returns its path. An earlier copy of the same schema is replaced, copies of long-gone schemas are deleted. The caller
 * holds the write lock, so that nothing changes meanwhile. @throws SchemaError when there is no room, say
 */
export function keepCopy(file: string, schema: string): string {
  const { dir, name, ext } = path.parse(file);
  const time = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  const copy = path.join(dir, `${name}-${schema}-${time}${ext}`);
  const part = `${copy}.part`;
  try {
    // what an attempt before this one left when it was killed
    for (const entry of readdirSync(dir))
      if (entry.startsWith(`${name}-`) && entry.endsWith(`${ext}.part`)) rmSync(path.join(dir, entry));
    copyDatabase(file, part);
    chmodSync(part, 0o600);
    sync(part);
    renameSync(part, copy);
    sync(dir);
  } catch (cause) {
    rmSync(part, { force: true });
    throw new SchemaError(
      `${file} is of an earlier version and a copy is kept before it is changed, but that failed: ${cause instanceof Error ? cause.message : cause}. Make room for it in ${dir}, or let the program write there. Nothing was changed.`,
      { cause },
    );
  }
  const copies = readdirSync(dir)
    .flatMap((entry) => {
      const isOurs = entry.startsWith(`${name}-`) && entry.endsWith(ext);
      const middle = isOurs ? entry.slice(name.length + 1, -ext.length) : '';
      const [, of, at] = /^(\d{4}_\w+)-(\d{8}T\d{6}Z)$/.exec(middle) ?? [];
      return of && at ? [{ entry, of, at }] : [];
    })
    .sort((a, b) => b.at.localeCompare(a.at));
  const schemas = [...new Set([schema, ...copies.map(({ of }) => of)])].slice(0, KEPT_SCHEMAS);
  for (const { entry, of } of copies) {
    const newest = copies.find((other) => other.of === of)?.entry;
    if (entry !== newest || !schemas.includes(of)) rmSync(path.join(dir, entry));
  }
  return copy;
}

/** Writes what a database holds at this moment, its write-ahead log included, into another file; readers and one writer may go on. */
export function copyDatabase(file: string, target: string): void {
  const reader = new Database(file, { readonly: true, fileMustExist: true });
  try {
    reader.pragma('busy_timeout = 10000');
    reader.prepare('vacuum into ?').run(target);
  } finally {
    reader.close();
  }
}

function sync(target: string): void {
  const fd = openSync(target, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
