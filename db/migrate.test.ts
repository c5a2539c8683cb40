import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from './client.ts';
import { openReadOnly } from './open-read-only.ts';
import { MIGRATIONS_FOLDER, programVersion, readMigrations } from './schema-state.ts';
import { createEarlierDatabase } from './testing.ts';

const EARLIER = '0001_run_device';
const migrations = readMigrations(MIGRATIONS_FOLDER);

let folder: string;
let file: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'migrate-'));
  file = path.join(folder, 'plumbline.db');
});
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A database of an earlier version with one person in it. */
function earlier(): void {
  const client = createEarlierDatabase(file, EARLIER);
  client.pragma('journal_mode = WAL');
  client.exec(`insert into users (id, email, name, created_at) values ('usr_1', 'a@example.org', 'A', 1)`);
  client.close();
}

/** The names of the copies beside the database, oldest first. */
const copies = () => readdirSync(folder).filter((name) => /^plumbline-.*\.db$/.test(name));

/** What a database holds: its schema, who is in it, what was applied. */
function contents(of: string) {
  const client = new Database(of, { readonly: true });
  const read = (sql: string) => client.prepare(sql).all();
  const found = {
    tables: read('select name, sql from sqlite_master order by name'),
    users: read('select id, name from users'),
    applied: read('select hash from __drizzle_migrations order by created_at'),
    whole: client.pragma('integrity_check', { simple: true }),
  };
  client.close();
  return found;
}

/** The migrations of this version and one more. */
function withMigration(name: string, sql: string): string {
  const target = path.join(folder, `migrations-${name}`);
  cpSync(MIGRATIONS_FOLDER, target, { recursive: true });
  const journalFile = path.join(target, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(journalFile, 'utf8')) as { entries: object[] };
  const when = (migrations.at(-1)?.when ?? 0) + 1000;
  journal.entries.push({ idx: journal.entries.length, version: '6', when, tag: name, breakpoints: true });
  writeFileSync(journalFile, JSON.stringify(journal));
  writeFileSync(path.join(target, `${name}.sql`), sql);
  return target;
}

/** Opens the database in a process of its own. */
function openElsewhere(migrationsFolder = MIGRATIONS_FOLDER) {
  const code = `
    import { openDatabase } from './db/client.ts';
    const db = openDatabase(${JSON.stringify(file)}, { migrations: ${JSON.stringify(migrationsFolder)} });
    db.$client.close();
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return { child, ended: once(child, 'exit').then(([exitCode]) => ({ exitCode, stderr })) };
}

describe('a database of an earlier version', () => {
  it('is copied as it was, then migrated', () => {
    earlier();
    const before = contents(file);
    openDatabase(file).$client.close();
    expect(copies()).toEqual([expect.stringMatching(/^plumbline-0001_run_device-\d{8}T\d{6}Z\.db$/)]);
    const copy = path.join(folder, copies()[0] ?? '');
    expect(contents(copy)).toEqual(before);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const after = contents(file);
    expect(after.users).toEqual(before.users);
    expect(after.applied).toEqual(migrations.map(({ hash }) => ({ hash })));
    const [major = 0, minor = 0, patch = 0] = programVersion().split('.').map(Number);
    const client = new Database(file);
    expect(client.pragma('user_version', { simple: true })).toBe(major * 1_000_000 + minor * 1000 + patch);
    client.close();
    // there is nothing to do, and nothing to copy, from then on
    openDatabase(file).$client.close();
    expect(copies()).toHaveLength(1);
  });

  it('is migrated once by processes that start together', async () => {
    earlier();
    const ends = await Promise.all([1, 2, 3, 4].map(() => openElsewhere().ended));
    expect(ends).toEqual(ends.map(() => ({ exitCode: 0, stderr: '' })));
    expect(contents(file).applied).toEqual(migrations.map(({ hash }) => ({ hash })));
    expect(copies()).toHaveLength(1);
  });

  it('is as it was when the migration is killed on its way, and then migrates', async () => {
    earlier();
    const before = contents(file);
    const slow = withMigration(
      '0099_slow',
      `alter table users add column later text;--> statement-breakpoint
       update users set name = 'changed';--> statement-breakpoint
       create table numbers as with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000000) select i from n;`,
    );
    const { child, ended } = openElsewhere(slow);
    while (copies().length === 0 && child.exitCode === null) await sleep(5);
    await sleep(300);
    child.kill('SIGKILL');
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
    expect(contents(file)).toEqual(before);
    openDatabase(file).$client.close();
    expect(contents(file)).toMatchObject({ users: before.users, whole: 'ok' });
    // the copy of the attempt was replaced by that of the migration
    expect(copies()).toHaveLength(1);
  });

  it('is as it was when a migration fails, and the error names it', () => {
    earlier();
    const before = contents(file);
    const failing = withMigration('0099_failing', 'insert into no_such_table values (1);');
    expect(() => openDatabase(file, { migrations: failing })).toThrow(
      /plumbline\.db: migration 0099_failing failed: no such table: no_such_table\. Nothing was changed/,
    );
    const dangling = withMigration(
      '0099_dangling',
      `insert into guidelines (project_id, version, text, created_by, created_at) values ('prj_none', 1, '', 'usr_1', 1);`,
    );
    expect(() => openDatabase(file, { migrations: dangling })).toThrow(
      /1 rows refer to nothing, the first of guidelines to projects/,
    );
    expect(contents(file)).toEqual(before);
    expect(copies()).toEqual([]);
  });

  it('is left alone when no copy can be kept', () => {
    earlier();
    const before = contents(file);
    // a folder of that name beside it: the copy cannot be written, whoever asks
    const real = Date.prototype.toISOString;
    Date.prototype.toISOString = () => '2026-01-01T00:00:00.000Z';
    try {
      cpSync(MIGRATIONS_FOLDER, path.join(folder, `plumbline-${EARLIER}-20260101T000000Z.db`), {
        recursive: true,
      });
      expect(() => openDatabase(file)).toThrow(
        /is of an earlier version and a copy is kept .* failed.*Nothing was changed/s,
      );
    } finally {
      Date.prototype.toISOString = real;
    }
    expect(contents(file)).toEqual(before);
  });

  it('leaves copies of three schemas at most', () => {
    earlier();
    const old = [1, 2, 3, 4].map((n) => `plumbline-000${n + 4}_x-2020010${n}T000000Z.db`);
    for (const name of [...old, `plumbline-${EARLIER}-20200101T000000Z.db`, 'plumbline-0001_x-notes.db'])
      writeFileSync(path.join(folder, name), '');
    openDatabase(file).$client.close();
    expect(copies()).toEqual([
      expect.stringMatching(new RegExp(`^plumbline-${EARLIER}-(?!2020)`)),
      'plumbline-0001_x-notes.db',
      ...old.slice(2),
    ]);
  });

  it('is read for a check without being changed', () => {
    earlier();
    const before = readFileSync(file);
    const { db, close } = openReadOnly(file);
    expect(
      db.$client.prepare('select count(*) from run_samples where sample is not null').pluck().get(),
    ).toBe(0);
    const scratch = path.dirname(db.$client.name);
    close();
    expect(existsSync(scratch)).toBe(false);
    expect(readFileSync(file)).toEqual(before);
    expect(copies()).toEqual([]);
  });
});

describe('what is not of this version', () => {
  it('is refused when it is newer, in words, and not touched', () => {
    openDatabase(file, {
      migrations: withMigration('0099_later', 'create table later (id);'),
    }).$client.close();
    const client = new Database(file);
    client.pragma('user_version = 7008009');
    client.close();
    const before = contents(file);
    const last = migrations.at(-1)?.tag;
    for (const open of [() => openDatabase(file), () => openReadOnly(file)])
      expect(open).toThrow(
        new RegExp(
          `plumbline\\.db is newer than this version of Plumbline: it has 1 migration that .* written by 7\\.8\\.9; this is ${programVersion()}, whose schema ends with ${last} .*Start the version that wrote it or a later one`,
        ),
      );
    expect(contents(file)).toEqual(before);
    expect(copies()).toEqual([]);
  });

  it('is refused when it is of another program', () => {
    const client = new Database(file);
    client.exec('create table songs (title)');
    client.close();
    const before = readFileSync(file);
    expect(() => openDatabase(file)).toThrow(/database of another program: it has the tables songs/);
    expect(readFileSync(file)).toEqual(before);
  });
});

it('an empty folder is filled once by processes that start together, and nothing is copied', async () => {
  const ends = await Promise.all([1, 2, 3, 4].map(() => openElsewhere().ended));
  expect(ends).toEqual(ends.map(() => ({ exitCode: 0, stderr: '' })));
  expect(copies()).toEqual([]);
  expect(readdirSync(folder)).toContain('plumbline.db');
});
