import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { users } from '../../db/schema/users.ts';
import { DataFolderError, databaseFile, openDataFolder } from '../data-folder.ts';
import { readHealth } from '../health.ts';
import { quickCheck } from './quick-check.ts';
import { storageProblem } from './storage-problem.ts';
import { tightenModes } from './tighten-modes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plumbline-at-rest-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});
const modeOf = (...parts: string[]) => statSync(path.join(folder, ...parts)).mode & 0o777;

describe('a data folder', () => {
  it('and whatever this process writes into it afterwards is its owner’s alone', () => {
    const data = path.join(folder, 'data');
    openDataFolder(data).$client.close();
    mkdirSync(path.join(data, 'runs'));
    writeFileSync(path.join(data, 'runs', 'a.json'), '{}');
    expect([modeOf('data'), modeOf('data', 'plumbline.db'), modeOf('data', 'runs')]).toEqual([
      0o700, 0o600, 0o700,
    ]);
    expect(modeOf('data', 'runs', 'a.json')).toBe(0o600);
  });

  it('that was left open is shut, links out of it are left alone', () => {
    mkdirSync(path.join(folder, 'data/exports'), { recursive: true });
    writeFileSync(path.join(folder, 'outside.txt'), '');
    writeFileSync(path.join(folder, 'data/exports/rows.jsonl'), '');
    for (const name of ['data', 'data/exports']) chmodSync(path.join(folder, name), 0o755);
    for (const name of ['outside.txt', 'data/exports/rows.jsonl']) chmodSync(path.join(folder, name), 0o644);
    symlinkSync(path.join(folder, 'outside.txt'), path.join(folder, 'data/link'));
    const data = path.join(folder, 'data');
    expect(tightenModes(data)).toBe(3);
    expect(tightenModes(data)).toBe(0);
    expect([modeOf('data'), modeOf('data/exports'), modeOf('data/exports/rows.jsonl')]).toEqual([
      0o700, 0o700, 0o600,
    ]);
    expect(modeOf('outside.txt')).toBe(0o644);
  });

  it('that cannot be used is refused in words', () => {
    writeFileSync(path.join(folder, 'file'), '');
    expect(() => openDataFolder(path.join(folder, 'file'))).toThrow(DataFolderError);
    expect(() => openDataFolder(path.join(folder, 'file'))).toThrow(
      /cannot be used: it is a file\. .*PLUMBLINE_DATA/,
    );
    // root may write anywhere, so this is for the others
    if (process.getuid?.() === 0) return;
    chmodSync(folder, 0o500);
    expect(() => openDataFolder(folder)).toThrow(/the user that runs Plumbline .* may not write there/);
  });

  it('with damaged pages is found out at the start, health says so, and what is whole can be read', async () => {
    const db = openDataFolder(folder);
    const insert = db.$client.transaction(() => {
      for (let i = 0; i < 2000; i++)
        db.insert(users)
          .values({ id: `usr_${i}`, name: 'x'.repeat(50), email: `${i}@x.org`, createdAt: 0 })
          .run();
    });
    insert();
    db.$client.pragma('wal_checkpoint(truncate)');
    const root = db.$client
      .prepare("select rootpage from sqlite_master where name = 'users'")
      .pluck()
      .get() as number;
    const pageSize = db.$client.pragma('page_size', { simple: true }) as number;
    const pages = db.$client.pragma('page_count', { simple: true }) as number;
    db.$client.close();
    expect(quickCheck(folder)).toBeNull();
    expect((await readHealth(folder)).database.ok).toBe(true);
    const fd = openSync(databaseFile(folder), 'r+');
    for (let page = Math.max(root + 1, pages - 20); page < pages - 5; page++)
      writeSync(fd, Buffer.alloc(pageSize, 0x5a), 0, pageSize, page * pageSize);
    closeSync(fd);
    expect(quickCheck(folder)).toMatch(/\w/);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await readHealth(folder)).database).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/^The database file is damaged: /),
    });
    const again = openDataFolder(folder);
    expect(again.select().from(users).limit(1).all()).toHaveLength(1);
    again.$client.close();
  });

  it('is not waited for: a check that takes too long is left', () => {
    openDataFolder(folder).$client.close();
    expect(quickCheck(folder, { timeoutMs: 1 })).toBe('unfinished');
  });
});

describe('storageProblem', () => {
  it('knows what the disk is to blame for, however deep, and nothing else', () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    expect(storageProblem(new Error('outer', { cause: new Error('inner', { cause: full }) }))?.kind).toBe(
      'full',
    );
    expect(storageProblem(Object.assign(new Error(), { code: 'SQLITE_IOERR_FSYNC' }))?.kind).toBe(
      'unreachable',
    );
    expect(storageProblem(Object.assign(new Error(), { code: 'SQLITE_BUSY_SNAPSHOT' }))?.kind).toBe('locked');
    expect(storageProblem(Object.assign(new Error(), { code: 'SQLITE_CONSTRAINT_UNIQUE' }))).toBeNull();
    expect(storageProblem(Object.assign(new Error(), { code: 'ENOENT' }))).toBeNull();
    expect(storageProblem('full')).toBeNull();
  });
});
