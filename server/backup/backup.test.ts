import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPromise } from 'yauzl';
import { judgments } from '../../db/schema/judgments.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { openDataFolder } from '../data-folder.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';
import { backupNames, MANIFEST_FOLDER, objectFile } from './format.ts';
import { findBackup, openBackup } from './open-backup.ts';
import { restoreBackup } from './restore-backup.ts';
import { verifyBackup, verifyBackupFile } from './verify-backup.ts';
import { writeBackup } from './write-backup.ts';
import { writeBackupFile } from './write-backup-file.ts';

let world: TrainingWorld;
let scratch: string;
let out: string;
let now = Date.parse('2026-11-28T03:00:00Z');

beforeAll(async () => {
  world = await createTrainingWorld();
  world.judge(5);
  await world.snapshot();
}, 120_000);
afterAll(() => world.close());
beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'plumbline-backup-'));
  out = path.join(scratch, 'out');
  return () => rmSync(scratch, { recursive: true, force: true });
});

const backUp = (more: { keep?: number } = {}) => {
  now += 60_000;
  return writeBackup({ dataFolder: world.dataFolder, out, now: () => now, ...more });
};
const restored = path.join;
const opened = async (from: string) => {
  const source = await openBackup(from);
  if (source === null) throw new Error(`${from}: no backup`);
  return source;
};
const restore = async (at: string | undefined, dataFolder: string, from = out) => {
  const source = await opened(from);
  try {
    await restoreBackup({ from: source, backup: await findBackup(source, at), dataFolder });
  } finally {
    source.close();
  }
};
const numJudgments = (folder: string) => {
  const db = openDataFolder(folder);
  const count = db.select({ id: judgments.id }).from(judgments).all().length;
  db.$client.close();
  return count;
};

describe('a backup', () => {
  it('is restored as a data folder that verify finds whole, for its owner only', async () => {
    const { name, manifest } = await backUp();
    expect(backupNames(out)).toEqual([name]);
    expect((await verifyBackup(out)).broken).toBeNull();
    const dataFolder = restored(scratch, 'data');
    await restore(undefined, dataFolder);
    const db = openDataFolder(dataFolder);
    const report = await verifyDataFolder(db, dataFolder);
    db.$client.close();
    expect(report).toMatchObject({ broken: null, judgments: 5, snapshots: 1, checkpoints: 1 });
    expect(report.head).toBe(manifest.audit_head.hash);
    for (const folder of [dataFolder, path.join(dataFolder, 'models/tiny')])
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const { path: file } of manifest.files)
      expect(statSync(path.join(dataFolder, file)).mode & 0o077).toBe(0);
  });

  it('copies only what is new, and each earlier one can still be restored', async () => {
    const first = await backUp();
    world.judge(2);
    const second = await backUp();
    expect(first.newBytes).toBeGreaterThan(second.newBytes);
    // besides the database, the file that names the newest record
    expect(second.newBytes - second.manifest.database.bytes).toBeLessThan(2000);
    for (const { name, manifest } of [first, second]) {
      const dataFolder = restored(scratch, name);
      await restore(name, dataFolder);
      expect(manifest.files.length).toBeGreaterThan(3);
    }
    const counts = [first, second].map(({ name }) => numJudgments(restored(scratch, name)));
    expect((counts[1] as number) - (counts[0] as number)).toBe(2);
  });

  it('keeps so many, and drops contents that only the deleted ones had', async () => {
    const first = await backUp();
    world.judge(1);
    await backUp();
    world.judge(1);
    const third = await backUp({ keep: 2 });
    expect(third.deleted).toEqual([first.name]);
    expect(existsSync(objectFile(out, first.manifest.database.sha256))).toBe(false);
    expect(await verifyBackup(out)).toMatchObject({ broken: null, backups: 2 });
  });

  it('is found broken wherever a byte, a file or its manifest was changed', async () => {
    const { name, manifest } = await backUp();
    const model = manifest.files.find(({ path: file }) => file.endsWith('model.safetensors'));
    const file = objectFile(out, model?.sha256 ?? '');
    const bytes = readFileSync(file);
    chmodSync(file, 0o600);
    writeFileSync(file, bytes.with(100, (bytes[100] as number) ^ 1));
    expect((await verifyBackup(out)).broken).toMatchObject({ where: model?.path });
    const dataFolder = restored(scratch, 'data');
    await expect(restore(undefined, dataFolder)).rejects.toThrow(
      /damaged: models\/tiny\/model\.safetensors has the sha256/,
    );
    expect(readdirSync(dataFolder)).toEqual([]);
    rmSync(file);
    expect((await verifyBackup(out)).broken?.problem).toMatch(/missing/);
    writeFileSync(file, bytes);
    expect((await verifyBackup(out)).broken).toBeNull();
    appendFileSync(path.join(out, MANIFEST_FOLDER, name), ' ');
    expect((await verifyBackup(out)).broken).toMatchObject({ where: name });
  });

  it('goes into no folder of other things, is restored into none that is not empty, and is made by one at a time', async () => {
    const other = path.join(scratch, 'other');
    mkdirSync(other);
    writeFileSync(path.join(other, 'letter.txt'), 'dear');
    const backup = (folder: string) =>
      writeBackup({ dataFolder: world.dataFolder, out: folder, now: Date.now });
    await expect(backup(other)).rejects.toThrow(/holds other things/);
    await expect(backup(world.dataFolder)).rejects.toThrow(/the data folder itself/);
    const first = backUp();
    await expect(backUp()).rejects.toThrow(/under way/);
    await first;
    await expect(restore(undefined, other)).rejects.toThrow(/not empty/);
    expect(readdirSync(other)).toEqual(['letter.txt']);
    expect(readdirSync(out).sort()).toEqual(['backups', 'objects', 'plumbline-backup.json']);
    await expect(opened(out).then((source) => findBackup(source, '1999'))).rejects.toThrow(
      /No backup begins with "1999"/,
    );
  });

  it('goes on where one before it was killed', async () => {
    await backUp();
    writeFileSync(path.join(out, 'objects', 'object_x.part'), 'half');
    writeFileSync(path.join(out, 'lock'), `${(await import('node:os')).hostname()} 999999999\n`);
    await backUp();
    expect(readdirSync(path.join(out, 'objects')).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect((await verifyBackup(out)).broken).toBeNull();
  });
});

describe('a backup in one file', () => {
  const file = () => path.join(scratch, 'all.zip');
  const write = (to = file()) => writeBackupFile({ dataFolder: world.dataFolder, out: to, now: () => now });
  const verify = async () => {
    const source = await opened(file());
    return verifyBackupFile(source).finally(source.close);
  };

  it('holds what a folder of backups would, is restored and found whole, and leaves nothing beside it', async () => {
    const { name, manifest } = await write();
    const folder = await backUp();
    const contents = (files: typeof manifest.files) => files.map(({ path: at, sha256 }) => `${at} ${sha256}`);
    expect(contents(manifest.files)).toEqual(contents(folder.manifest.files));
    expect(manifest.audit_head).toEqual(folder.manifest.audit_head);
    expect(readdirSync(scratch).sort()).toEqual(['all.zip', 'out']);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(await verify()).toMatchObject({ broken: null, backups: 1, files: manifest.files.length + 1 });
    const dataFolder = restored(scratch, 'data');
    await restore(name, dataFolder, file());
    const db = openDataFolder(dataFolder);
    const report = await verifyDataFolder(db, dataFolder);
    db.$client.close();
    expect(report).toMatchObject({ broken: null, snapshots: 1, checkpoints: 1 });
    expect(report.head).toBe(manifest.audit_head.hash);
    expect(numJudgments(dataFolder)).toBe(report.judgments);
  });

  it('unpacked by any program, is a folder of backups', async () => {
    await write();
    const folder = path.join(scratch, 'unpacked');
    const zip = await openPromise(file(), { autoClose: false });
    for await (const entry of zip.eachEntry()) {
      const to = path.join(folder, entry.fileName);
      mkdirSync(path.dirname(to), { recursive: true });
      writeFileSync(to, await buffer(await zip.openReadStreamPromise(entry)));
    }
    zip.close();
    expect(await verifyBackup(folder)).toMatchObject({ broken: null, backups: 1 });
  });

  it('is found broken wherever a byte was changed, or its end is missing', async () => {
    const { manifest } = await write();
    const whole = readFileSync(file());
    // weights are stored as they are, the database is packed
    const weights = readFileSync(path.join(world.dataFolder, 'models/tiny/model.safetensors'));
    const at = whole.indexOf(weights.subarray(0, 200)) + 100;
    expect(at).toBeGreaterThan(100);
    writeFileSync(file(), whole.with(at, (whole[at] as number) ^ 1));
    expect((await verify()).broken?.problem).toMatch(
      /damaged: models\/tiny\/model\.safetensors has the sha256/,
    );
    const packed = whole.indexOf(manifest.database.sha256) + 64 + 2000;
    writeFileSync(file(), whole.with(packed, (whole[packed] as number) ^ 1));
    expect((await verify()).broken?.problem).toMatch(/damaged/);
    const dataFolder = restored(scratch, 'data');
    await expect(restore(undefined, dataFolder, file())).rejects.toThrow(/damaged/);
    expect(readdirSync(dataFolder)).toEqual([]);
    writeFileSync(file(), whole.subarray(0, whole.length / 2));
    expect(await openBackup(file())).toBeNull();
  });

  it('takes no name that something has, and no place where the next backup would take it along', async () => {
    await write();
    const before = readFileSync(file());
    await expect(write()).rejects.toThrow(/is there already; a file holds one backup/);
    expect(readFileSync(file()).equals(before)).toBe(true);
    mkdirSync(path.join(scratch, 'folder.zip'));
    await expect(write(path.join(scratch, 'folder.zip'))).rejects.toThrow(/is a folder; a name that ends in/);
    await expect(write(path.join(world.dataFolder, 'all.zip'))).rejects.toThrow(/lies in the data folder/);
    const intoFile = writeBackup({ dataFolder: world.dataFolder, out: file(), now: Date.now });
    await expect(intoFile).rejects.toThrow(/is a file; expected a folder/);
    const other = path.join(scratch, 'other.zip');
    writeFileSync(`${other}.part`, 'half, from one that was killed');
    const first = write(other);
    await expect(write(other)).rejects.toThrow(/under way/);
    await first;
    expect(readdirSync(scratch).filter((name) => name.startsWith('other'))).toEqual(['other.zip']);
  });
});
