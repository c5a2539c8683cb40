import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isSignedBy } from '../../db/audit/heads.ts';
import type { Db } from '../../db/client.ts';
import { openDataFolder } from '../data-folder.ts';
import { readEnv } from '../env.ts';
import { parseHeads } from '../verify/verify-heads.ts';
import { appendAudit } from './append.ts';
import { sendHeads } from './send-heads.ts';

let dataFolder: string;
let db: Db;
let server: Server;
let url: string;
/** how it answers each request in turn, then 204 */
let answers: ((body: string) => { status: number; location?: string })[];
let taken: string[];
let asked: string[];

beforeEach(async () => {
  dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-webhook-'));
  db = openDataFolder(dataFolder);
  [answers, taken, asked] = [[], [], []];
  server = createServer(async (request, response) => {
    const body = await textOf(request);
    asked.push(request.url ?? '');
    const { status, location } = answers.shift()?.(body) ?? { status: 204 };
    if (status === 204) taken.push(body);
    response.writeHead(status, location === undefined ? {} : { location }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?secret=s3cr3t`;
});
afterEach(() => {
  server.close();
  db.$client.close();
  rmSync(dataFolder, { recursive: true });
});

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** Every record of this kind is signed at once. */
function signHeads(count: number): void {
  for (let i = 0; i < count; i++) {
    const event = { action: 'snapshots.create', subject: `snp_${i}`, projectId: null, payload: {} };
    const ctx = { db, actor: { type: 'system' as const }, now: Date.now };
    db.transaction(() => appendAudit(ctx, event), { behavior: 'immediate' });
  }
}

async function sendUntil(condition: () => boolean): Promise<string> {
  const stop = new AbortController();
  let logged = '';
  const log = pino({}, { write: (line: string) => (logged += line) });
  const sending = sendHeads({ db, dataFolder, url, signal: stop.signal, log, pollMs: 10, firstPauseMs: 5 });
  const deadline = Date.now() + 10_000;
  while (!condition() && Date.now() < deadline) await sleep(5);
  stop.abort();
  await sending;
  expect(condition()).toBe(true);
  return logged;
}

const headsIn = (bodies: string[]) =>
  bodies.flatMap((body) =>
    (JSON.parse(body) as { heads: unknown[] }).heads.map((head) => JSON.stringify(head)),
  );

it('sends every head once, in order, a hundred at most at a time, and goes on where it was', async () => {
  signHeads(230);
  const known = () => db.$client.prepare('select count(*) from audit_heads').pluck().get() as number;
  // noted as sent too: stopped before its answer is read, a head is sent again
  const isNoted = () => {
    const file = path.join(dataFolder, 'heads-sent.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).seq === known();
  };
  await sendUntil(isNoted);
  expect(Math.max(...taken.map((body) => headsIn([body]).length))).toBe(100);
  signHeads(3);
  await sendUntil(isNoted);
  const seqs = parseHeads(headsIn(taken).join('\n')).map(({ seq }) => seq);
  expect(seqs).toEqual(db.$client.prepare('select seq from audit_heads order by seq').pluck().all());
  const { public_key } = JSON.parse(taken[0] ?? '') as { public_key: string };
  expect(parseHeads(headsIn(taken).join('\n')).every((head) => isSignedBy(head, public_key))).toBe(true);
});

it('tries again until it is taken, follows no redirect, and logs no address', async () => {
  signHeads(2);
  answers = [
    () => ({ status: 500 }),
    () => ({ status: 302, location: '/elsewhere' }),
    () => ({ status: 403 }),
  ];
  const logged = await sendUntil(() => taken.length > 0);
  expect(asked.every((address) => address.startsWith('/hook'))).toBe(true);
  expect(logged).toContain('it answered 500');
  expect(logged).not.toContain('s3cr3t');
  const unreachable = url;
  server.close();
  server.closeAllConnections();
  signHeads(1);
  url = unreachable;
  const stop = new AbortController();
  let lines = '';
  const log = pino({}, { write: (line: string) => (lines += line) });
  const sending = sendHeads({ db, dataFolder, url, signal: stop.signal, log, pollMs: 10, firstPauseMs: 5 });
  while (!lines.includes('no answer')) await sleep(5);
  stop.abort();
  await sending;
  expect(lines).not.toContain('s3cr3t');
});

it('takes addresses of https, and of http on this machine alone', () => {
  const read = (address: string) => readEnv({ PLUMBLINE_HEADS_WEBHOOK: address }).PLUMBLINE_HEADS_WEBHOOK;
  expect(read('https://auditor.example/heads')).toBe('https://auditor.example/heads');
  expect(read('http://127.0.0.1:9000/heads')).toBe('http://127.0.0.1:9000/heads');
  for (const address of ['http://auditor.example/heads', 'file:///etc/passwd', 'ftp://x/y', 'nonsense'])
    expect(() => read(address), address).toThrow('PLUMBLINE_HEADS_WEBHOOK');
});
