import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditHash } from '../../db/audit/append-record.ts';
import { HEADS_FILE, KEY_FILE, LAST_RECORD_FILE, PUBLIC_KEY_FILE } from '../../db/audit/heads.ts';
import { rootOfPath } from '../../db/audit/merkle.ts';
import { inclusionPath, recordLeaf, treeRoot } from '../../db/audit/tree.ts';
import type { Db } from '../../db/client.ts';
import { appendAudit } from '../audit/append.ts';
import { databaseFile, openDataFolder } from '../data-folder.ts';
import { fillEveryTable } from './testing.ts';
import { verifyDatabase } from './verify-data-folder.ts';
import { parseHeads, type Trusted } from './verify-heads.ts';

const dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-heads-'));
const copies: string[] = [];
let count: number;

beforeAll(async () => {
  const db = openDataFolder(dataFolder);
  await fillEveryTable(db, dataFolder);
  for (let i = 0; i < 600; i++) {
    const event = { action: 'test.write', subject: `sub_${i}`, projectId: null, payload: { i } };
    const ctx = { db, actor: { type: 'system' as const }, now: () => 1_800_000_000_000 + i };
    db.transaction(() => appendAudit(ctx, event), { behavior: 'immediate' });
  }
  count = db.$client.prepare('select max(seq) from audit_log').pluck().get() as number;
  db.$client.close();
});
afterAll(() => {
  for (const folder of [dataFolder, ...copies]) rmSync(folder, { recursive: true, force: true });
});

/** What the check says of a copy of the folder after something was done to it. */
async function check(
  change: (shell: Database.Database, folder: string) => void,
  trusted: Trusted = { heads: [], publicKey: null },
): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-heads-'));
  copies.push(folder);
  cpSync(dataFolder, folder, { recursive: true });
  const shell = new Database(databaseFile(folder));
  change(shell, folder);
  const { findings } = await verifyDatabase(drizzle(shell) as unknown as Db, { dataFolder: folder, trusted });
  shell.close();
  return findings.map(({ kind, where, problem }) => `${kind}: ${where} ${problem}`);
}

const keptElsewhere = (): Trusted => ({
  heads: parseHeads(readFileSync(path.join(dataFolder, HEADS_FILE), 'utf8')).slice(-1),
  publicKey: readFileSync(path.join(dataFolder, PUBLIC_KEY_FILE), 'utf8'),
});
/** the newest judgment with everything that was recorded since, and nothing in the database that tells of it */
const cut = (shell: Database.Database, from: number) => {
  shell.pragma('foreign_keys = OFF');
  shell.exec(`
    delete from audit_log where seq >= ${from}; delete from audit_rows where seq >= ${from};
    delete from audit_heads where seq >= ${from}; delete from audit_tree`);
};
const withoutFiles = (folder: string) => {
  for (const name of [HEADS_FILE, LAST_RECORD_FILE]) rmSync(path.join(folder, name));
};

describe('signed heads', () => {
  it('are signed every 256 records and at snapshots and exports, in table and file, and are good', async () => {
    const lines = parseHeads(readFileSync(path.join(dataFolder, HEADS_FILE), 'utf8'));
    const seqs = lines.map(({ seq }) => seq);
    expect(seqs).toEqual(expect.arrayContaining([256, 512]));
    expect(seqs.length).toBeGreaterThan(4);
    expect(await check(() => {}, keptElsewhere())).toEqual([]);
    for (const name of [KEY_FILE, PUBLIC_KEY_FILE, HEADS_FILE, LAST_RECORD_FILE])
      expect(statSync(path.join(dataFolder, name)).mode & 0o777, name).toBe(0o600);
  });

  it('tell of records that were cut off at the end, by the files beside the database', async () => {
    const found = await check((shell) => cut(shell, count));
    expect(found).toEqual([
      expect.stringContaining(`head: ${LAST_RECORD_FILE} audit record ${count} was written`),
    ]);
    const further = await check((shell) => cut(shell, 500));
    expect(further.join('\n')).toContain(`${HEADS_FILE}:`);
  });

  it('tell of it by a head that was kept elsewhere, when the files are gone too', async () => {
    const away = (shell: Database.Database, folder: string) => {
      cut(shell, 500);
      withoutFiles(folder);
    };
    expect(await check(away)).toEqual([]);
    const found = await check(away, keptElsewhere());
    expect(found).toEqual([
      expect.stringMatching(/^head: head of record 512, kept elsewhere .* ends with 499$/),
    ]);
  });

  it('tell of a chain that was written anew, which is whole by itself', async () => {
    const anew = (shell: Database.Database) => {
      shell.exec(`delete from audit_heads; delete from audit_tree`);
      const rows = shell
        .prepare(
          'select seq, at, actor, action, subject, project_id projectId, payload from audit_log order by seq',
        )
        .all() as {
        seq: number;
        at: number;
        actor: string;
        action: string;
        subject: string;
        projectId: string | null;
        payload: string;
      }[];
      const set = shell.prepare(
        'update audit_log set actor = ?, payload_hash = ?, previous_hash = ?, hash = ? where seq = ?',
      );
      const rename = shell.prepare('update judgments set event_hash = ? where event_hash = ?');
      let previousHash = '0'.repeat(64);
      for (const row of rows) {
        const before = shell
          .prepare('select hash from audit_log where seq = ?')
          .pluck()
          .get(row.seq) as string;
        const actor = row.seq === 300 ? 'user:nobody' : row.actor;
        const payloadHash = createHash('sha256').update(row.payload).digest('hex');
        const hash = auditHash({ ...row, actor, payloadHash, previousHash });
        set.run(actor, payloadHash, previousHash, hash, row.seq);
        rename.run(hash, before);
        previousHash = hash;
      }
    };
    const found = await check(anew);
    expect(found.join('\n')).toMatch(/head: heads\.jsonl:\d+ audit record 512 had the hash/);
    const quietly = (shell: Database.Database, folder: string) => {
      anew(shell);
      withoutFiles(folder);
    };
    expect(await check(quietly)).toEqual([]);
    expect((await check(quietly, keptElsewhere())).join('\n')).toContain(
      'kept elsewhere audit record 512 had the hash',
    );
  });

  it('are not taken from another key, nor with another root', async () => {
    const other = mkdtempSync(path.join(tmpdir(), 'plumbline-heads-'));
    copies.push(other);
    openDataFolder(other).$client.close();
    const foreign = readFileSync(path.join(other, PUBLIC_KEY_FILE), 'utf8');
    expect((await check(() => {}, { heads: [], publicKey: foreign })).join()).toContain(
      'is not signed by the key',
    );
    const [head] = keptElsewhere().heads;
    if (!head) throw new Error('no head');
    const forged = { heads: [{ ...head, root: '0'.repeat(64) }], publicKey: null };
    expect((await check(() => {}, forged)).join()).toContain('had the root');
    expect(
      (await check((shell) => shell.exec(`update audit_tree set hash = zeroblob(32)`))).join(),
    ).toContain('audit_tree');
    const garbled = (_: Database.Database, folder: string) =>
      writeFileSync(path.join(folder, HEADS_FILE), '{"seq":1}\n');
    expect((await check(garbled)).join()).toContain(`${HEADS_FILE}:1 is no head`);
  });

  it('have a proof of every record that they cover', () => {
    const shell = new Database(databaseFile(dataFolder), { readonly: true });
    for (const size of [1, 2, 255, 256, 257, 511, 513, count]) {
      const root = treeRoot(shell, size);
      for (const index of [0, Math.floor(size / 2), size - 1]) {
        const hash = shell
          .prepare('select hash from audit_log where seq = ?')
          .pluck()
          .get(index + 1) as string;
        expect(rootOfPath(recordLeaf(hash), { index, size }, inclusionPath(shell, { index, size }))).toEqual(
          root,
        );
      }
    }
    shell.close();
  });
});
