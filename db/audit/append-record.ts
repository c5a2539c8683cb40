import { createHash, randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { auditLog } from '../schema/audit-log.ts';
import { type Capture, captureOf } from './capture.ts';
import { noteForHead } from './heads.ts';
import { rowDigest } from './row-digest.ts';

/** The hash before the first record. */
export const GENESIS_HASH = '0'.repeat(64);

export type AuditRecord = typeof auditLog.$inferSelect;
export type AuditEvent = Pick<AuditRecord, 'at' | 'actor' | 'action' | 'subject' | 'projectId'> & {
  payload: Record<string, unknown>;
};

/** What a record says of the rows that were written with it: how many, and the digest of its lines in audit_rows. */
export type RecordedRows = { count: number; digest: string };

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

/** Hash of one record over everything but itself; the payload enters by its own hash. */
export function auditHash(record: Omit<AuditRecord, 'hash' | 'payload'>): string {
  const { seq, at, actor, action, subject, projectId, payloadHash, previousHash } = record;
  return sha256(canonicalJson({ seq, at, actor, action, subject, projectId, payloadHash, previousHash }));
}

/** A row, or group of rows, that a record wrote, by table and key, with its digest in hex; null where the record deleted it. */
export type RecordedLine = [table: string, key: string, digest: string | null];

/** The digest over a record's lines in audit_rows, and their number. Holds one line at a time. */
export function digestOfLines(client: Database.Database, seq: number): RecordedRows {
  return digestLines(linesOf(client, seq));
}

/** The lines of a record in the order in which they enter their digest. */
export function* linesOf(client: Database.Database, seq: number): Generator<RecordedLine> {
  const lines = statementsOf(client).lines.iterate(seq) as Iterable<[string, string, Buffer | null]>;
  for (const [table, key, digest] of lines)
    yield [table, key, digest === null ? null : digest.toString('hex')];
}

/** sha256 over lines, each as a JSON list, and their number. */
export function digestLines(lines: Iterable<RecordedLine>): RecordedRows {
  const hash = createHash('sha256');
  let count = 0;
  for (const line of lines) {
    hash.update(`${JSON.stringify(line)}\n`);
    count += 1;
  }
  return { count, digest: hash.digest('hex') };
}

type Statements = Record<'last' | 'insert' | 'insertRow' | 'hasRow' | 'lines', Database.Statement>;
const statements = new WeakMap<Database.Database, Statements>();

function statementsOf(client: Database.Database): Statements {
  const known = statements.get(client);
  if (known) return known;
  const made: Statements = {
    last: client.prepare('select seq, hash from audit_log order by seq desc limit 1'),
    insert: client.prepare(
      `insert into audit_log (seq, at, actor, action, subject, project_id, payload, payload_hash, previous_hash, hash)
       values (@seq, @at, @actor, @action, @subject, @projectId, @payload, @payloadHash, @previousHash, @hash)`,
    ),
    insertRow: client.prepare(
      'insert into audit_rows (table_name, row_key, seq, digest, salt) values (?, ?, ?, ?, ?)',
    ),
    hasRow: client.prepare('select 1 from audit_rows where table_name = ? and row_key = ? limit 1').pluck(),
    lines: client
      .prepare(
        'select table_name, row_key, digest from audit_rows where seq = ? order by table_name, row_key',
      )
      .raw(),
  };
  statements.set(client, made);
  return made;
}

/**
 * Appends one record to the chain, with the digests of all rows that this connection has written since the last one. Call it
 * inside the transaction of the change, after the writes. Returns the record.
 */
export function appendRecord(client: Database.Database, event: AuditEvent): AuditRecord {
  const { last, insert } = statementsOf(client);
  const before = last.get() as { seq: number; hash: string } | undefined;
  const seq = (before?.seq ?? 0) + 1;
  const capture = captureOf(client);
  const recorded = capture && recordRows(client, seq, capture);
  const payload = canonicalJson(recorded ? { ...event.payload, recorded } : event.payload);
  const unhashed = {
    ...{ seq, at: event.at, actor: event.actor, action: event.action, subject: event.subject },
    ...{
      projectId: event.projectId,
      payloadHash: sha256(payload),
      previousHash: before?.hash ?? GENESIS_HASH,
    },
  };
  const record = { ...unhashed, payload, hash: auditHash(unhashed) };
  insert.run(record);
  noteForHead(client, record);
  return record;
}

function recordRows(
  client: Database.Database,
  seq: number,
  { touched, ready }: Capture,
): RecordedRows | null {
  if (touched.size === 0) return null;
  const { insertRow, hasRow } = statementsOf(client);
  let count = 0;
  for (const [table, keys] of touched) {
    for (const key of keys) {
      const before = ready.get(`${table} ${key}`);
      const salt = before?.salt ?? randomBytes(16);
      const digest = before?.digest ?? rowDigest(client, table, key, salt);
      // written and deleted again before anybody vouched for it
      if (digest === null && hasRow.get(table, key) === undefined) continue;
      insertRow.run(table, key, seq, digest, digest === null ? null : salt);
      count += 1;
    }
  }
  touched.clear();
  return count === 0 ? null : digestOfLines(client, seq);
}
