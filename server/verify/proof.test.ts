import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUBLIC_KEY_FILE } from '../../db/audit/heads.ts';
import type { Db } from '../../db/client.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { snapshotExports } from '../../db/schema/snapshots.ts';
import type { Proof } from '../audit/proof.ts';
import { proveJudgment } from '../audit/prove-judgment.ts';
import { databaseFile, openDataFolder } from '../data-folder.ts';
import { judgmentDigest } from '../judgments/digest.ts';
import { problemOfProof } from './check-proof.ts';
import { fillEveryTable } from './testing.ts';

const dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-proof-'));
const out = mkdtempSync(path.join(tmpdir(), 'plumbline-proof-out-'));
const at = (name: string) => path.join(out, name);
let db: Db;
let world: Awaited<ReturnType<typeof fillEveryTable>>;
let ids: string[];

beforeAll(async () => {
  db = openDataFolder(dataFolder);
  world = await fillEveryTable(db, dataFolder);
  ids = db
    .select({ id: judgments.id })
    .from(judgments)
    .all()
    .map(({ id }) => id);
  const { publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(at('other.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
});
afterAll(() => {
  db.$client.close();
  for (const folder of [dataFolder, out]) rmSync(folder, { recursive: true });
});

const prove = (judgmentId: string) =>
  proveJudgment({
    ctx: { ...world.as(world.userIds.auditor), dataFolder },
    input: { projectId: world.projectId, judgmentId },
  });
function run(command: string, ...args: string[]) {
  const file = `server/cli/${command}.ts`;
  const done = spawnSync(process.execPath, ['--import', 'tsx', file, ...args], { encoding: 'utf8' });
  return { status: done.status, said: done.stdout + done.stderr };
}

describe('a proof of a judgment', () => {
  it('holds, and any change of it does not', async () => {
    const trusted = { publicKey: readFileSync(path.join(dataFolder, PUBLIC_KEY_FILE), 'utf8') };
    expect(ids.length).toBeGreaterThan(2);
    for (const id of ids) expect(problemOfProof(await prove(id), trusted)).toBeNull();
    const proof = await prove(ids[0] ?? '');
    if (proof.evidence.kind !== 'row') throw new Error('expected the digest of a row');
    const { evidence, record, head } = proof;
    const other = await prove(ids[1] ?? '');
    const flipped = (hex: string) => (hex[0] === '0' ? '1' : '0') + hex.slice(1);
    const changes: Record<string, Partial<Proof>> = {
      'what was said': { evidence: { ...evidence, row: evidence.row.replace('because', 'despite') } },
      'the salt': { evidence: { ...evidence, salt: flipped(evidence.salt) } },
      'a line left out': { evidence: { ...evidence, lines: evidence.lines.slice(1) } },
      'a line put in': { evidence: { ...evidence, lines: [...evidence.lines, ['users', 'x', null]] } },
      'whose judgment': { judgment_id: ids[1] ?? '' },
      'the evidence of another': { evidence: other.evidence },
      'who did it': { record: { ...record, actor: 'user:usr_x' } },
      'the payload': { record: { ...record, payload: `${record.payload} ` } },
      'another record': { record: other.record },
      'its place': { record: { ...record, seq: record.seq + 1 } },
      'the way up': { path: [...proof.path.slice(1)] },
      'a step of it': { path: [flipped(proof.path[0] ?? ''), ...proof.path.slice(1)] },
      'the size of the log': { head: { ...head, seq: head.seq + 1 } },
      'the time of the head': { head: { ...head, at: head.at + 1 } },
    };
    for (const [what, change] of Object.entries(changes))
      expect(problemOfProof({ ...proof, ...change }, trusted), what).not.toBeNull();
  });

  it('is of what stands now: after a direct edit it does not hold', async () => {
    const id = ids[2] ?? '';
    const shell = new Database(databaseFile(dataFolder));
    const before = shell.prepare('select rationale from judgments where id = ?').pluck().get(id);
    shell.prepare(`update judgments set rationale = 'since' where id = ?`).run(id);
    expect(problemOfProof(await prove(id), { publicKey: null })).toContain('is not as audit record');
    shell.prepare('update judgments set rationale = ? where id = ?').run(before, id);
    shell.close();
  });

  it('is signed anew for a judgment that no head covers yet, and refused to who may not read the log', async () => {
    const id = ids[0] ?? '';
    const heads = db.$client.prepare('select count(*) from audit_heads').pluck();
    db.$client.prepare('delete from audit_heads').run();
    const { head } = await prove(id);
    expect(head.seq).toBe(db.$client.prepare('select max(seq) from audit_log').pluck().get());
    expect(heads.get()).toBe(1);
    const ctx = { ...world.as(world.userIds.researcher), dataFolder };
    const input = { projectId: world.projectId, judgmentId: id };
    await expect(proveJudgment({ ctx, input })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('takes the digest of the record before 0.7.0', async () => {
    const proof = await prove(ids[0] ?? '');
    const row = db.select().from(judgments).all()[0];
    if (!row) throw new Error('no judgment');
    const { eventHash: _, ...judgment } = row;
    const old = (digest: string): Proof => ({
      ...proof,
      record: { ...proof.record, payload: JSON.stringify({ judgmentDigests: { [row.id]: digest } }) },
      evidence: { kind: 'payload', judgment: JSON.parse(JSON.stringify(judgment)) },
    });
    // the evidence holds; that this record was never in the log is found next
    expect(problemOfProof(old(judgmentDigest(judgment)), { publicKey: null })).toContain('payload’s hash');
    expect(problemOfProof(old('0'.repeat(64)), { publicKey: null })).toContain('is not as audit record');
  });
});

describe('the commands', { timeout: 120_000 }, () => {
  it('write a proof and the public key, and check the proof without a database', () => {
    expect(run('prove', '--data', dataFolder, '--judgment', ids[0] ?? '', '--out', at('p.json')).status).toBe(
      0,
    );
    expect(run('prove', '--data', dataFolder, '--public-key', '--out', at('key.pem')).status).toBe(0);
    expect(readFileSync(at('key.pem'), 'utf8')).toBe(
      readFileSync(path.join(dataFolder, PUBLIC_KEY_FILE), 'utf8'),
    );
    expect(run('verify', '--proof', at('p.json'), '--public-key', at('key.pem'))).toMatchObject({
      ...{ status: 0, said: expect.stringMatching(/^Intact: proof/) },
    });
    expect(run('verify', '--proof', at('p.json')).said).toContain('not covered: whose key');
    expect(run('verify', '--proof', at('p.json'), '--public-key', at('other.pem'))).toMatchObject({
      ...{ status: 1, said: expect.stringContaining('not signed by the key') },
    });
    writeFileSync(at('bad.json'), readFileSync(at('p.json'), 'utf8').replace('because', 'despite'));
    expect(run('verify', '--proof', at('bad.json')).status).toBe(1);
    expect(run('verify', '--proof', at('key.pem')).status).toBe(2);
    expect(run('verify', dataFolder, '--proof', at('p.json')).status).toBe(2);
    expect(run('prove', '--data', dataFolder, '--judgment', 'jdg_none')).toMatchObject({ status: 2 });
    expect(run('prove', '--data', dataFolder).status).toBe(2);
  });

  it('check an export by its head and a key, and find the tail of a log that was cut since', () => {
    const folder = path.join(dataFolder, db.select().from(snapshotExports).get()?.folder ?? '');
    const key = path.join(dataFolder, PUBLIC_KEY_FILE);
    expect(run('verify', folder, '--public-key', key).said).toMatch(/^Intact: export/);
    expect(run('verify', folder, '--public-key', at('other.pem'))).toMatchObject({
      ...{ status: 1, said: expect.stringContaining('not signed by the key') },
    });
    const manifest = path.join(folder, 'manifest.json');
    const heads = ['--head', manifest, '--public-key', key];
    expect(run('verify', databaseFile(dataFolder), ...heads).said).toMatch(/^Intact: database/);
    const { seq } = (JSON.parse(readFileSync(manifest, 'utf8')) as { audit_head: { seq: number } })
      .audit_head;
    // whoever cuts the log takes along every trace of it in the folder
    const copy = at('copy');
    cpSync(dataFolder, copy, { recursive: true });
    for (const name of ['heads.jsonl', 'last-record.json']) rmSync(path.join(copy, name));
    const shell = new Database(databaseFile(copy));
    shell.pragma('foreign_keys = OFF');
    const tables = ['audit_log', 'audit_rows', 'audit_heads'];
    for (const table of tables) shell.prepare(`delete from ${table} where seq >= ?`).run(seq);
    shell.exec('delete from audit_tree');
    shell.close();
    const cut = run('verify', databaseFile(copy), ...heads);
    expect(cut).toMatchObject({ status: 1, said: expect.stringContaining(`audit record ${seq} was there`) });
    expect(
      run('verify', databaseFile(copy), '--head', manifest, '--public-key', at('other.pem')).said,
    ).toContain('is not signed by the key');
  });
});
