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
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { judgments } from '../../db/schema/judgments.ts';
import { createTrainingWorld, type TrainingWorld } from '../../tests/support/training-world.ts';
import { openDataFolder } from '../data-folder.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';
import { backupNames, findBackup, MANIFEST_FOLDER, objectFile } from './format.ts';
import { restoreBackup } from './restore-backup.ts';
import { verifyBackup } from './verify-backup.ts';
import { writeBackup } from './write-backup.ts';

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
    await restoreBackup({ from: out, backup: findBackup(out, undefined), dataFolder });
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
      await restoreBackup({ from: out, backup: findBackup(out, name), dataFolder });
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
    const restore = restoreBackup({ from: out, backup: findBackup(out, undefined), dataFolder });
    await expect(restore).rejects.toThrow(/damaged: models\/tiny\/model\.safetensors has the sha256/);
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
    const restore = restoreBackup({ from: out, backup: findBackup(out, undefined), dataFolder: other });
    await expect(restore).rejects.toThrow(/not empty/);
    expect(readdirSync(other)).toEqual(['letter.txt']);
    expect(readdirSync(out).sort()).toEqual(['backups', 'objects', 'plumbline-backup.json']);
    expect(() => findBackup(out, '1999')).toThrow(/No backup begins with "1999"/);
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
