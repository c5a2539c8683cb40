/** Against a server on this machine that speaks as much of the hub's API as is asked for. */
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveModel } from '../cli/resolve-model.ts';
import { fetchModel, isHubName, resolveRevision } from './fetch-model.ts';

const NAME = 'some-org/some.model';
const TOKEN = 'hf_secretsecretsecret';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const weights = randomBytes(300_000);
const config = Buffer.from('{"model_type":"llama"}');
const contents: Record<string, Buffer> = {
  'config.json': config,
  'model.safetensors': weights,
  'tokenizer.json': Buffer.from('{}'),
  'pytorch_model.bin': Buffer.from('a pickle'),
  'README.md': Buffer.from('words'),
  'modeling_custom.py': Buffer.from('print()'),
};

type Request = { path: string; range: string | null; token: string | null };
let server: Server;
let endpoint: string;
let requests: Request[];
/** bytes of the weights after which the connection breaks, once for each entry */
let breaks: number[];
let listedSha256: string;
let files: string[];
let cache: string;
let notes: string[];

function sha(kind: 'sha1' | 'sha256', ...parts: (string | Buffer)[]): string {
  const hash = createHash(kind);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? '', endpoint).pathname;
  const range = request.headers.range ?? null;
  requests.push({ path, range, token: request.headers.authorization ?? null });
  if (path === `/api/models/${NAME}/revision/v1.0`) {
    const info = { _id: 'x', id: NAME, sha: COMMIT, private: false, gated: false, downloads: 0, likes: 0 };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(info));
    return;
  }
  if (path === `/api/models/${NAME}/tree/main` || path === `/api/models/${NAME}/tree/${COMMIT}`) {
    const entries = files.map((file) => {
      const content = contents[file] as Buffer;
      const git = sha('sha1', `blob ${content.length}\0`, content);
      const lfs = { oid: listedSha256, size: content.length, pointerSize: 130 };
      return {
        type: 'file',
        path: file,
        size: content.length,
        oid: git,
        ...(content === weights ? { lfs } : {}),
      };
    });
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(entries));
    return;
  }
  const file = contents[path.replace(new RegExp(`^/${NAME}/resolve/(main|${COMMIT})/`), '')];
  if (!file) {
    response.writeHead(404, { 'X-Error-Code': 'RepoNotFound' }).end();
    return;
  }
  const [from = 0, to = file.length - 1] =
    /bytes=(\d+)-(\d+)/
      .exec(range ?? '')
      ?.slice(1)
      .map(Number) ?? [];
  response.writeHead(range ? 206 : 200, {
    ETag: '"x"',
    'Content-Length': to - from + 1,
    ...(range ? { 'Content-Range': `bytes ${from}-${to}/${file.length}` } : {}),
  });
  const broken = file === weights && to > from ? breaks.shift() : undefined;
  if (broken === undefined) response.end(file.subarray(from, to + 1));
  else response.write(file.subarray(from, from + broken), () => setTimeout(() => response.destroy(), 30));
}

beforeAll(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  requests = [];
  breaks = [];
  notes = [];
  listedSha256 = sha('sha256', weights);
  files = Object.keys(contents);
  cache = mkdtempSync(join(tmpdir(), 'hub-'));
});
afterEach(() => {
  rmSync(cache, { recursive: true });
  vi.unstubAllEnvs();
});

const get = (signal = new AbortController().signal) =>
  fetchModel(NAME, { cache, endpoint, token: TOKEN, signal, note: (line) => notes.push(line) });
const downloads = (file: string) =>
  requests.filter(({ path, range }) => path.endsWith(`/resolve/main/${file}`) && range !== 'bytes=0-0');

describe('fetchModel', () => {
  it('takes config, tokenizer and safetensors, nothing else, and the token along', async () => {
    const folder = await get();
    expect(readdirSync(folder).sort()).toEqual([
      'config.json',
      'hub.json',
      'model.safetensors',
      'tokenizer.json',
    ]);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    expect(requests.every(({ token }) => token === `Bearer ${TOKEN}`)).toBe(true);
    expect(requests.some(({ path }) => /\.bin|\.py|README/.test(path))).toBe(false);
    expect(notes.join()).not.toContain(TOKEN);

    requests = [];
    expect(await get()).toBe(folder);
    expect(requests.map(({ path }) => path)).toEqual([`/api/models/${NAME}/tree/main`]);
  });

  it('goes on where the connection broke', async () => {
    breaks = [100_000, 50_000];
    const folder = await get();
    const ranges = downloads('model.safetensors').map(({ range }) => range);
    expect(ranges).toEqual([null, 'bytes=100000-299999', 'bytes=150000-299999']);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
  });

  it('goes on in another process, and says how far it came', async () => {
    breaks = Array(5).fill(10_000);
    await expect(get()).rejects.toThrow(
      /some-org\/some.model: model.safetensors: stopped after 50000 of 300000 bytes .*the same command goes on/,
    );
    requests = [];
    const folder = await get();
    expect(downloads('model.safetensors').map(({ range }) => range)).toEqual(['bytes=50000-299999']);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
  });

  it('throws away what has another hash than the hub lists, in LFS or in git', async () => {
    listedSha256 = sha('sha256', 'something else');
    await expect(get()).rejects.toThrow(
      `${NAME}: model.safetensors: arrived with sha256:${sha('sha256', weights)}, the hub lists sha256:${listedSha256}`,
    );
    const folder = join(cache, 'hub', 'some-org--some.model');
    expect(readdirSync(folder)).not.toContain('model.safetensors');
    expect(readdirSync(folder)).not.toContain('model.safetensors.partial');

    listedSha256 = sha('sha256', weights);
    rmSync(folder, { recursive: true });
    mkdirSync(folder, { recursive: true });
    // left by a download of another version
    writeFileSync(join(folder, 'config.json.partial'), 'x'.repeat(config.length));
    await expect(get()).rejects.toThrow(/config.json: arrived with git:[0-9a-f]{40}, the hub lists git:/);
  });

  it('fetches a file anew when the hub has another', async () => {
    const folder = await get();
    contents['config.json'] = Buffer.from('{"model_type":"gpt2"}');
    requests = [];
    await get();
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).toBe('{"model_type":"gpt2"}');
    expect(downloads('model.safetensors')).toEqual([]);
    contents['config.json'] = config;
  });

  it('serves what is there when the hub cannot be reached, and says so', async () => {
    const folder = await get();
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const nobody = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise((resolve) => gone.close(resolve));
    const away = { cache, endpoint: nobody, signal: new AbortController().signal };
    expect(await fetchModel(NAME, { ...away, note: (line) => notes.push(line) })).toBe(folder);
    expect(notes.at(-1)).toContain('the hub cannot be reached');
    await expect(fetchModel('other/model', { ...away, note: () => {} })).rejects.toThrow(
      /other\/model: no folder here, and the hub cannot be asked: .*ECONNREFUSED/,
    );
  });

  it('keeps a revision apart, with its card, and tells how far it came', async () => {
    const signal = new AbortController().signal;
    const hub = { endpoint, token: TOKEN, signal };
    const revision = await resolveRevision(NAME, { revision: 'v1.0', ...hub });
    expect(revision).toBe(COMMIT);
    requests = [];
    expect(await resolveRevision(NAME, { revision: COMMIT, ...hub })).toBe(COMMIT);
    expect(requests).toEqual([]);
    const told: [number, number][] = [];
    const folder = await fetchModel(NAME, {
      ...{ ...hub, cache, revision, also: ['README.md', 'LICENSE'], note: () => {} },
      progress: (done, total) => told.push([done, total]),
    });
    expect(folder).toBe(join(cache, 'hub', `some-org--some.model@${COMMIT}`));
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe('words');
    expect(requests.every(({ path }) => path.includes(COMMIT))).toBe(true);
    const total = ['config.json', 'model.safetensors', 'tokenizer.json', 'README.md'].reduce(
      (sum, file) => sum + (contents[file] as Buffer).length,
      0,
    );
    expect(told.at(-1)).toEqual([total, total]);
    expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).sort((a, b) => a - b));
    await expect(resolveRevision(NAME, { revision: 'no-such', ...hub })).rejects.toThrow(
      `${NAME}, revision no-such: the hub has no such model or revision`,
    );
  });

  it('names a model that does not exist, or holds no safetensors', async () => {
    await expect(
      fetchModel('no/such', { cache, endpoint, signal: new AbortController().signal, note: () => {} }),
    ).rejects.toThrow('no/such: no folder here, and no model of this name on the hub');
    files = ['config.json', 'pytorch_model.bin'];
    await expect(get()).rejects.toThrow('no config.json with safetensors weights');
    expect(existsSync(join(cache, 'hub'))).toBe(false);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(get(controller.signal)).rejects.toThrow(/abort/i);
  });
});

describe('resolveModel', () => {
  const io = { note: () => {}, signal: new AbortController().signal };
  it('prefers a folder, then asks the hub of HF_ENDPOINT with HF_TOKEN', async () => {
    expect(await resolveModel(cache, io)).toBe(cache);
    expect(await resolveModel('no-such-folder', io)).toBe('no-such-folder');
    expect(requests).toEqual([]);
    vi.stubEnv('PLUMBLINE_CACHE', cache);
    vi.stubEnv('HF_ENDPOINT', `${endpoint}/`);
    vi.stubEnv('HF_TOKEN', TOKEN);
    expect(await resolveModel(NAME, io)).toBe(join(cache, 'hub', 'some-org--some.model'));
    expect(requests[0]?.token).toBe(`Bearer ${TOKEN}`);
  });

  it('takes only org/name for a name of the hub', () => {
    expect(['a/b', 'HuggingFaceTB/SmolLM2-135M'].every(isHubName)).toBe(true);
    expect(['a', '/a/b', './a', '../a', 'a/b/c', 'a/', 'a/../b', 'a/.b'].some(isHubName)).toBe(false);
  });
});
