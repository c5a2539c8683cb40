import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { auditHeads } from '../schema/audit-heads.ts';
import { perConnection } from './per-connection.ts';
import { keepSubtrees, treeRoot } from './tree.ts';

/** A signed state of the log: its first `seq` records, and no others, were there at that time. */
export type Head = typeof auditHeads.$inferSelect;

export const KEY_FILE = 'audit-key.pem';
export const PUBLIC_KEY_FILE = 'audit-key.pub.pem';
/** every head, one in a line; only ever appended to */
export const HEADS_FILE = 'heads.jsonl';
/** the last record that was written, unsigned: what was cut off since the last head is noticed by it */
export const LAST_RECORD_FILE = 'last-record.json';

/** A head is signed at least this often. */
export const RECORDS_PER_HEAD = 256;
/** After these events one is signed at once. */
const SIGNED_ACTIONS: readonly string[] = [
  ...['snapshots.create', 'snapshots.export', 'runs.finish', 'runs.cancel', 'models.register', 'audit.key'],
];

type Signer = {
  folder: string;
  key: KeyObject;
  publicKey: string;
  keyId: string;
  isDue: boolean;
  unsaved: Head[];
  last: LastRecord | null;
};
type LastRecord = { seq: number; hash: string; at: number };
const signers = perConnection<Signer>('signer');

/** From now on the connection signs heads with the key in the folder, which is made where there is none. Returns the public key. */
export function startSigning(
  client: Database.Database,
  folder: string,
): { keyId: string; publicKey: string } {
  const file = path.join(folder, KEY_FILE);
  if (!existsSync(file)) makeKey(folder);
  const key = createPrivateKey(readFileSync(file));
  const publicKey = publicPem(createPublicKey(key));
  if (!existsSync(path.join(folder, PUBLIC_KEY_FILE)))
    writeFileSync(path.join(folder, PUBLIC_KEY_FILE), publicKey, { mode: 0o600 });
  const keyId = keyIdOf(publicKey);
  signers.set(client, { folder, key, publicKey, keyId, isDue: false, unsaved: [], last: null });
  return { keyId, publicKey };
}

/** The key that this connection's heads are checked with; null where it signs none. */
export function publicKeyOf(client: Database.Database): string | null {
  return signers.get(client)?.publicKey ?? null;
}

const publicPem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

/** sha256 of a public key in DER. Throws for what is no public key. */
export function keyIdOf(publicKeyPem: string): string {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex');
}

/** Two processes may start at once: the first one's key counts, written whole. */
function makeKey(folder: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const temporary = path.join(folder, `${KEY_FILE}.${process.pid}`);
  writeFileSync(temporary, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    linkSync(temporary, path.join(folder, KEY_FILE));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(temporary);
  }
}

/** What is signed of a head. */
function statement({ seq, hash, root, at, keyId }: Omit<Head, 'signature'>): Buffer {
  return Buffer.from(canonicalJson({ plumbline: 'head/1', seq, hash, root, at, keyId }), 'utf8');
}

/** Whether a head was signed by the owner of a public key, and by none other. */
export function isSignedBy(head: Head, publicKeyPem: string): boolean {
  return (
    head.keyId === keyIdOf(publicKeyPem) &&
    verify(null, statement(head), createPublicKey(publicKeyPem), Buffer.from(head.signature, 'base64'))
  );
}

/** Notes a record: its head may be due. */
export function noteForHead(
  client: Database.Database,
  { seq, hash, at, action }: LastRecord & { action: string },
): void {
  const signer = signers.get(client);
  if (!signer) return;
  signer.last = { seq, hash, at };
  if (seq % RECORDS_PER_HEAD === 0 || SIGNED_ACTIONS.includes(action)) signer.isDue = true;
}

/** Signs the head of the transaction's last record where one is due. Call before it commits. */
export function signDueHead(client: Database.Database): void {
  const signer = signers.get(client);
  if (!signer?.isDue || !signer.last) return;
  signHead(client, signer.last.seq);
}

/**
 * A signed head of the log's first `seq` records: the one there is, or a new one. null where the connection has no key, as in
 * memory. Call inside a transaction.
 */
export function signHead(client: Database.Database, seq: number): Head | null {
  const signer = signers.get(client);
  if (!signer || seq === 0) return null;
  const known = client
    .prepare('select seq, hash, root, at, key_id keyId, signature from audit_heads where seq = ?')
    .get(seq) as Head | undefined;
  if (known) return known;
  keepSubtrees(client, seq);
  const hash = client.prepare('select hash from audit_log where seq = ?').pluck().get(seq) as string;
  const root = treeRoot(client, seq).toString('hex');
  const unsigned = { seq, hash, root, at: Date.now(), keyId: signer.keyId };
  const head = { ...unsigned, signature: sign(null, statement(unsigned), signer.key).toString('base64') };
  client
    .prepare('insert into audit_heads (seq, hash, root, at, key_id, signature) values (?, ?, ?, ?, ?, ?)')
    .run(seq, hash, root, head.at, head.keyId, head.signature);
  signer.unsaved.push(head);
  signer.isDue = false;
  return head;
}

/** The transaction came to nothing, and its heads with it. */
export function forgetHeads(client: Database.Database): void {
  const signer = signers.get(client);
  if (signer) Object.assign(signer, { isDue: false, unsaved: [], last: null });
}

/**
 * Writes what was committed beside the database too. A file that cannot be written keeps nobody from judging: the heads wait for
 * the next transaction, and are in the database.
 */
export function saveHeads(client: Database.Database): void {
  const signer = signers.get(client);
  if (!signer) return;
  const { folder, unsaved, last } = signer;
  try {
    if (unsaved.length > 0) {
      const lines = unsaved.map((head) => `${canonicalJson(head)}\n`).join('');
      appendFileSync(path.join(folder, HEADS_FILE), lines, { mode: 0o600 });
      signer.unsaved = [];
    }
    if (last === null) return;
    const temporary = path.join(folder, `${LAST_RECORD_FILE}.${process.pid}`);
    writeFileSync(temporary, `${canonicalJson(last)}\n`, { mode: 0o600 });
    renameSync(temporary, path.join(folder, LAST_RECORD_FILE));
    signer.last = null;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}
