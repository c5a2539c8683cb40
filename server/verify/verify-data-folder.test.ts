import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { snapshotExports, snapshots } from '../../db/schema/snapshots.ts';
import { addThreeJudgments } from '../audit/testing.ts';
import { databaseFile, openDataFolder } from '../data-folder.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { exportSnapshot } from '../snapshots/export.ts';
import { buildManifest, type Manifest } from '../snapshots/manifest.ts';
import { createLabelingWorld } from '../tasks/testing.ts';
import { verifyDataFolder } from './verify-data-folder.ts';

let dataFolder: string;
let db: Db;
let snapshotFolder: string;
let exportFolder: string;

beforeEach(async () => {
  dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-verify-'));
  db = openDataFolder(dataFolder);
  const world = createLabelingWorld(db);
  addThreeJudgments(world);
  const { projectId, userIds, as } = world;
  const ctx = { ...as(userIds.researcher), dataFolder };
  await createSnapshot({ ctx, input: { projectId } });
  const snapshotId = db.select().from(snapshots).get()?.id ?? '';
  await exportSnapshot({ ctx, input: { projectId, snapshotId, format: 'trl' } });
  snapshotFolder = db.select().from(snapshots).get()?.folder ?? '';
  exportFolder = db.select().from(snapshotExports).get()?.folder ?? '';
});
afterEach(() => {
  db.$client.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

/** Changes one byte in the middle of a file. */
function flip(file: string): void {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

function runVerify(target: string): { status: number | null; last: unknown; stdout: string } {
  const args = ['--import', 'tsx', 'server/cli/verify.ts', target, '--json'];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, stdout, last: stdout.trim() ? JSON.parse(stdout.trim().split('\n').at(-1) ?? '') : null };
}

describe('verifyDataFolder', () => {
  it('finds an untouched folder intact and counts what it saw', async () => {
    expect(await verifyDataFolder(db, dataFolder)).toMatchObject({
      judgments: 3,
      snapshots: 1,
      exports: 1,
      broken: null,
    });
  });

  it('names every file of snapshot and export in which one byte was changed', async () => {
    for (const folder of [snapshotFolder, exportFolder]) {
      const names = readdirSync(path.join(dataFolder, folder));
      expect(names.length).toBeGreaterThan(1);
      for (const name of names) {
        const file = path.join(dataFolder, folder, name);
        const before = readFileSync(file);
        flip(file);
        expect((await verifyDataFolder(db, dataFolder)).broken?.where).toMatch(`${folder}/${name}`);
        writeFileSync(file, before);
      }
    }
    expect((await verifyDataFolder(db, dataFolder)).broken).toBeNull();
  });

  it('notices a manifest written anew to fit changed data, even with the row changed to fit', async () => {
    const file = path.join(dataFolder, snapshotFolder, 'manifest.json');
    const {
      plumbline: _plumbline,
      self_sha256: _self,
      ...fields
    } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    writeFileSync(file, buildManifest({ ...fields, seed: fields.seed + 1 }));
    expect((await verifyDataFolder(db, dataFolder)).broken).toMatchObject({
      where: `${snapshotFolder}/manifest.json`,
      problem: expect.stringContaining('recorded'),
    });
    const manifestSha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    const id = db.select().from(snapshots).get()?.id;
    db.update(snapshots).set({ manifestSha256 }).run();
    const { findings } = await verifyDataFolder(db, dataFolder);
    expect(findings).toContainEqual({
      kind: 'manifest',
      where: `row ${id}`,
      problem: expect.stringContaining('the audit log recorded'),
    });
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'row-changed', where: `snapshots ${id}` }),
    );
  });
});

describe('npm run verify', () => {
  it('says intact with exit code 0 for a data folder, its database, a snapshot and an export', () => {
    for (const [target, kind] of [
      [dataFolder, 'data folder'],
      [databaseFile(dataFolder), 'database'],
      [path.join(dataFolder, snapshotFolder), 'snapshot'],
      [path.join(dataFolder, exportFolder), 'export'],
    ] as const) {
      expect(runVerify(target)).toMatchObject({ status: 0, last: { ok: true, kind, broken: null } });
    }
  });

  it('names the broken line of an export and the broken record of a database with exit code 1', () => {
    const data = readdirSync(path.join(dataFolder, exportFolder)).find((name) => name.endsWith('.jsonl'));
    const file = path.join(dataFolder, exportFolder, data ?? '');
    writeFileSync(file, readFileSync(file, 'utf8').replace('Answer 1', 'Answer 2'));
    expect(runVerify(path.join(dataFolder, exportFolder))).toMatchObject({
      status: 1,
      last: { ok: false, broken: { where: expect.stringMatching(`^${data}:\\d$`) } },
    });
    db.$client.exec("update audit_log set action = 'x' where seq = 2");
    expect(runVerify(dataFolder)).toMatchObject({
      status: 1,
      last: { ok: false, broken: { where: 'audit record 2' } },
    });
  });

  it('reports a damaged database file instead of falling over, and wrong use with exit code 2', () => {
    db.$client.pragma('wal_checkpoint(TRUNCATE)');
    const copy = path.join(dataFolder, 'damaged.db');
    const bytes = readFileSync(databaseFile(dataFolder));
    bytes.fill(0x5a, 4096, 65_536);
    writeFileSync(copy, bytes);
    expect(runVerify(copy)).toMatchObject({
      status: 1,
      last: { ok: false, broken: { where: 'damaged.db' } },
    });
    expect(runVerify(path.join(dataFolder, 'nothing')).status).toBe(2);
  });
});
