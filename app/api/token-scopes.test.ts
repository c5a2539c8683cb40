import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { auditLog } from '@/db/schema/audit-log.ts';
import { imports } from '@/db/schema/imports.ts';
import { seedProject } from '@/db/testing.ts';
import { appDatabase } from '@/server/auth/app-database.ts';
import { createToken } from '@/server/users/create-token.ts';
import { GET as audit } from './audit/route.ts';
import { GET as checkpointFile } from './checkpoints/[checkpointId]/[...file]/route.ts';
import { GET as checkpoint } from './checkpoints/[checkpointId]/route.ts';
import { GET as exportFile } from './exports/[exportId]/[file]/route.ts';
import { GET as exported } from './exports/[exportId]/route.ts';
import { GET as rejects } from './imports/[importId]/rejects/route.ts';
import { POST as upload } from './imports/route.ts';
import { GET as proof } from './judgments/[judgmentId]/proof/route.ts';
import { POST as modelFile } from './models/[registrationId]/route.ts';
import { GET as runMetrics } from './runs/[runId]/metrics/route.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-tokens-'));
const HOST = 'localhost:3000';
const params = Promise.resolve({
  checkpointId: 'ckp_x',
  exportId: 'exp_x',
  file: 'x.jsonl',
  importId: 'imp_x',
  judgmentId: 'jdg_x',
  registrationId: 'reg_x',
  runId: 'run_x',
});
const DOWNLOADS: Record<string, (request: Request) => Promise<Response>> = {
  audit,
  checkpoint: (request) => checkpoint(request, { params }),
  checkpointFile: (request) =>
    checkpointFile(request, { params: Promise.resolve({ checkpointId: 'ckp_x', file: ['config.json'] }) }),
  exported: (request) => exported(request, { params }),
  exportFile: (request) => exportFile(request, { params }),
  rejects: (request) => rejects(request, { params }),
  proof: (request) => proof(request, { params }),
  runMetrics: (request) => runMetrics(request, { params }),
};
const UPLOADS: Record<string, (request: Request) => Promise<Response>> = {
  upload,
  modelFile: (request) => modelFile(request, { params }),
};

let projectId: string;
let ownerId: string;
const tokens: Record<string, string> = {};

beforeAll(() => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('LOG_LEVEL', 'silent');
  const seeded = seedProject(appDatabase());
  projectId = seeded.projectId;
  ownerId = seeded.userIds.owner;
  const tokenOf = (role: 'owner' | 'auditor', scopes: ('read' | 'write')[]) => {
    const actor = { type: 'user', userId: seeded.userIds[role], isInstanceOwner: false } as const;
    const ctx = { db: appDatabase(), now: Date.now, dataFolder: folder, actor };
    return createToken({ ctx, input: { name: 'test', scopes } }).token;
  };
  tokens.read = tokenOf('owner', ['read']);
  tokens.write = tokenOf('owner', ['write']);
  tokens.auditor = tokenOf('auditor', ['read']);
});
afterAll(() => {
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

function request(token: string | undefined, body?: string, host = HOST): Request {
  const url = `http://${HOST}/api/x?project=${projectId}&format=csv`;
  const headers = { host, ...(token && { authorization: `Bearer ${token}` }) };
  return new Request(url, { method: body === undefined ? 'GET' : 'POST', headers, body });
}
const refused = async (response: Response) => ({
  status: response.status,
  text: response.ok ? '' : await response.text(),
});

it.each(Object.keys(DOWNLOADS))('%s is read with the scope to read alone', async (name) => {
  const download = DOWNLOADS[name] as (typeof DOWNLOADS)[string];
  const { status, text } = await refused(await download(request(tokens.write)));
  expect(status).toBe(403);
  expect(text).toContain('lacks the scope \\"read\\"');
  // from here it is looked for: the log is there, the rest is not
  expect((await download(request(tokens.read))).status).toBe(name === 'audit' ? 200 : 404);
});

it.each(Object.keys(UPLOADS))('%s is written with the scope to write alone', async (name) => {
  const send = UPLOADS[name] as (typeof UPLOADS)[string];
  const { status, text } = await refused(await send(request(tokens.read, 'x')));
  expect(status).toBe(403);
  expect(text).toContain('lacks the scope \\"write\\"');
  expect((await refused(await send(request(tokens.write, 'x')))).text).not.toContain('scope');
});

it.each(Object.keys({ ...DOWNLOADS, ...UPLOADS }))(
  '%s answers to the names of this installation alone',
  async (name) => {
    const isUpload = name in UPLOADS;
    const call = (UPLOADS[name] ?? DOWNLOADS[name]) as (typeof DOWNLOADS)[string];
    const token = isUpload ? tokens.write : tokens.read;
    const { status, text } = await refused(
      await call(request(token, isUpload ? 'x' : undefined, 'evil.test')),
    );
    expect(status).toBe(403);
    expect(text).toContain('evil.test');
  },
);

it('an auditor who reads what an import did not take leaves a note in the log', async () => {
  const db = appDatabase();
  db.insert(imports)
    .values({
      id: 'imp_seen',
      projectId,
      fileName: 'a.jsonl',
      format: 'raw',
      sha256: 'x',
      status: 'done',
      rejected: {},
      createdBy: ownerId,
      createdAt: 1,
    })
    .run();
  const seen = await rejects(request(tokens.auditor), { params: Promise.resolve({ importId: 'imp_seen' }) });
  expect(seen.status).toBe(200);
  const notes = db
    .select()
    .from(auditLog)
    .all()
    .filter((record) => record.action === 'audit.read');
  expect(notes.map((record) => JSON.parse(record.payload).procedure)).toEqual(['imports.rejects']);
});
