/** Models that are added: from folders, uploads and zips, each through the real worker, and what is refused on the way. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { eq } from 'drizzle-orm';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ZipFile } from 'yazl';
import { checkpoints, models } from '../../db/schema/models.ts';
import { newId } from '../../lib/new-id.ts';
import { createRng } from '../../lib/rng.ts';
import {
  createTrainingWorld,
  type TrainingWorld,
  tinyModelFolder,
} from '../../tests/support/training-world.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { saveAdapter } from '../../trainer/model/files/adapter-files.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors, writeSafetensors } from '../../trainer/model/files/safetensors.ts';
import { addLora } from '../../trainer/model/lora/lora.ts';
import { startRun } from '../runs/start.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';
import { jobHandlers } from '../worker/job-handlers.ts';
import { work } from '../worker/work.ts';
import { addModel } from './add.ts';
import { cancelRegistration } from './cancel-registration.ts';
import { finishUpload } from './finish-upload.ts';
import { type Checkpoint, checkpointFolder } from './internal.ts';
import { listModelFolders } from './list-folders.ts';
import { listRegistrations } from './list-registrations.ts';
import { receiveModelFile } from './receive-model-file.ts';
import { type AddModelInput, addModelInput } from './schemas.ts';

let world: TrainingWorld;
let tiny: string;
let outside: string;
let stop: AbortController;
let working: Promise<void>;

beforeAll(async () => {
  world = await createTrainingWorld();
  tiny = await tinyModelFolder();
  outside = mkdtempSync(path.join(tmpdir(), 'outside-'));
  stop = new AbortController();
  working = work({
    db: world.db,
    dataFolder: world.dataFolder,
    backend: 'simd',
    handlers: jobHandlers,
    signal: stop.signal,
    owner: 'test',
    log: pino({ level: 'silent' }),
    pollMs: 10,
  });
}, 120_000);
afterAll(async () => {
  stop.abort();
  await working;
  world.close();
  rmSync(outside, { recursive: true });
});
afterEach(() => vi.unstubAllEnvs());

const askedFor = (input: Partial<AddModelInput> & Pick<AddModelInput, 'source'>) =>
  addModelInput.parse({ projectId: world.projectId, modelName: newId('own'), ...input });

/** A copy of the tiny model below the root, changed. */
function modelFolder(change: (folder: string) => void = () => {}): string {
  const name = newId('folder');
  const folder = path.join(world.dataFolder, 'models', name);
  cpSync(tiny, folder, { recursive: true });
  change(folder);
  return name;
}

async function ended(registrationId: string) {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const input = { projectId: world.projectId };
    const row = listRegistrations({ ctx: world.ctx, input }).find(({ id }) => id === registrationId);
    if (row && ['done', 'failed', 'cancelled'].includes(row.status)) return row;
    if (Date.now() > deadline) throw new Error(`still ${row?.status}: ${row?.phase}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function checkpointOf(row: { checkpointId: string | null }): Checkpoint {
  return world.db
    .select()
    .from(checkpoints)
    .where(eq(checkpoints.id, row.checkpointId ?? ''))
    .get() as Checkpoint;
}

const addFolder = (name: string, more: Partial<AddModelInput> = {}) =>
  ended(
    addModel({
      ctx: world.ctx,
      input: askedFor({ source: { from: 'folder', folder: `models/${name}` }, ...more }),
    }).registrationId,
  );

const editJson = (file: string, change: (json: Record<string, unknown>) => void) => {
  const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  change(json);
  writeFileSync(file, JSON.stringify(json));
};

describe('a model from a folder', { timeout: 120_000 }, () => {
  it('is checked, tried out and registered, with source, licence and parameters; a run may start from it', async () => {
    const name = modelFolder((folder) => {
      writeFileSync(path.join(folder, 'README.md'), '---\nlicense: apache-2.0\n---\n# Tiny\n');
      writeFileSync(path.join(folder, 'modeling_custom.py'), 'print()');
    });
    const row = await addFolder(name, { modelName: 'my model' });
    expect(row).toMatchObject({ status: 'done', error: null, kind: 'language-model', licence: 'apache-2.0' });
    const checkpoint = checkpointOf(row);
    const { parameters } = checkpoint.origin ?? {};
    expect(checkpoint.origin).toMatchObject({
      source: { from: 'folder', folder: `models/${name}` },
      ...{ kind: 'language-model', licence: 'apache-2.0', revision: null, architecture: 'LlamaForCausalLM' },
      sample: { prompt: 'Name three animals.', score: null },
    });
    expect(parameters).toBeGreaterThan(1000);
    const folder = checkpointFolder(world.dataFolder, checkpoint.folder);
    expect(readdirSync(folder)).toContain('SOURCE_README.md');
    expect(readdirSync(folder)).not.toContain('modeling_custom.py');
    world.judge(2);
    const run = startRun({
      ctx: world.ctx,
      input: {
        ...{ projectId: world.projectId, recipe: 'reward', name: '', config: {}, rewardCheckpointId: null },
        ...{ modelCheckpointId: checkpoint.id, snapshotId: await world.snapshot() },
      },
    });
    expect(run.modelCheckpointId).toBe(checkpoint.id);
  });

  it('is stored once however often it is registered, and a deleted folder leaves the others whole', async () => {
    const first = checkpointOf(await addFolder(modelFolder()));
    const second = checkpointOf(await addFolder(modelFolder()));
    const weightsOf = ({ folder }: Checkpoint) =>
      path.join(checkpointFolder(world.dataFolder, folder), 'model.safetensors');
    expect(statSync(weightsOf(first)).ino).toBe(statSync(weightsOf(second)).ino);
    const bytes = readFileSync(weightsOf(second));
    rmSync(checkpointFolder(world.dataFolder, first.folder), { recursive: true });
    world.db.transaction(() => world.db.delete(checkpoints).where(eq(checkpoints.id, first.id)).run());
    expect(readFileSync(weightsOf(second)).equals(bytes)).toBe(true);
    expect((await verifyDataFolder(world.db, world.dataFolder)).broken).toBeNull();
  });

  it('keeps the kind of its name', async () => {
    const row = await addFolder(modelFolder(), { modelName: 'tiny', kind: 'reward-model' });
    expect(row).toMatchObject({
      status: 'failed',
      error:
        'config.json: architectures is "LlamaForCausalLM", expected LlamaForSequenceClassification or GPT2ForSequenceClassification with one label for a reward-model',
    });
    expect(existsSync(path.join(world.dataFolder, 'registrations', row.id))).toBe(false);
  });

  const refusals: [string, (folder: string) => void, RegExp][] = [
    [
      'a field of config.json',
      (folder) =>
        editJson(path.join(folder, 'config.json'), (json) => Object.assign(json, { hidden_act: 'relu' })),
      /^config.json: not a model this trainer supports: hidden_act is "relu": .*silu/,
    ],
    [
      'quantized weights',
      (folder) =>
        editJson(path.join(folder, 'config.json'), (json) =>
          Object.assign(json, { quantization_config: { quant_method: 'gptq' } }),
        ),
      /quantization_config is {"quant_method":"gptq"}/,
    ],
    ['no config.json', (folder) => rmSync(path.join(folder, 'config.json')), /^config.json: cannot be read/],
    [
      'no tokenizer',
      (folder) => rmSync(path.join(folder, 'tokenizer.json')),
      /^tokenizer.json: cannot be read; a tokenizer folder holds/,
    ],
    [
      'no chat template, with the command that adds one',
      (folder) => {
        rmSync(path.join(folder, 'chat_template.jinja'), { force: true });
        editJson(path.join(folder, 'tokenizer_config.json'), (json) => delete json.chat_template);
      },
      /no chat_template.*npm run import-model -- --model <folder> --chatml/,
    ],
    [
      'weights cut off',
      (folder) => truncateSync(path.join(folder, 'model.safetensors'), 5000),
      /^model.safetensors: truncated/,
    ],
    [
      'bytes too many',
      (folder) => appendFileSync(path.join(folder, 'model.safetensors'), 'x'),
      /^model.safetensors: oversized/,
    ],
    [
      'a header without end',
      (folder) => {
        const header = Buffer.alloc(16);
        header.writeBigUInt64LE(2n ** 62n);
        writeFileSync(path.join(folder, 'model.safetensors'), header);
      },
      /^model.safetensors: header of 4611686018427387904 bytes declared, at most/,
    ],
    [
      'a tensor of another shape',
      (folder) => rewrite(folder, (tensors) => tensors.set('model.norm.weight', ones([3]))),
      /^model.safetensors: tensor model.norm.weight has shape \[3\], config.json asks for \[16\]/,
    ],
    [
      'a tensor that is not there',
      (folder) => rewrite(folder, (tensors) => tensors.delete('model.norm.weight')),
      /^the model: 1 tensors are missing: model.norm.weight/,
    ],
    [
      'a NaN',
      (folder) =>
        rewrite(folder, (tensors) => {
          (tensors.get('model.norm.weight') as { data: Float32Array }).data[7] = Number.NaN;
        }),
      /^model.safetensors: tensor model.norm.weight holds NaN at element 7/,
    ],
  ];
  it.each(refusals)('is refused for %s', async (_, change, reason) => {
    const row = await addFolder(modelFolder(change));
    expect(row.status).toBe('failed');
    expect(row.error).toMatch(reason);
    expect(row.error).not.toContain(world.dataFolder);
    expect(existsSync(path.join(world.dataFolder, 'registrations', row.id))).toBe(false);
  });
});

const ones = (shape: number[]) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
});

function rewrite(folder: string, change: (tensors: ReturnType<typeof readSafetensors>) => void): void {
  const file = path.join(folder, 'model.safetensors');
  const tensors = readSafetensors(file);
  change(tensors);
  writeSafetensors(file, Object.fromEntries(tensors));
}

describe('a model of the hub', { timeout: 120_000 }, () => {
  const COMMIT = `${'c0ffee'.repeat(6)}c0ff`;
  const files: Record<string, Buffer> = {};
  let server: Server;
  const asked: { path: string; token: string | undefined }[] = [];
  beforeAll(async () => {
    Object.assign(files, tinyFiles(), { 'README.md': Buffer.from('---\nlicense: mit\n---\n') });
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://hub');
      asked.push({ path: pathname, token: request.headers.authorization });
      const json = (value: unknown) =>
        response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value));
      if (pathname === '/api/models/lab/tiny/revision/v2')
        return json({ _id: '1', id: 'lab/tiny', sha: COMMIT, private: false, gated: false });
      if (pathname === `/api/models/lab/tiny/tree/${COMMIT}`)
        return json(
          Object.entries(files).map(([name, content]) => ({
            ...{ type: 'file', path: name, size: content.length },
            oid: createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex'),
          })),
        );
      const content = files[pathname.replace(`/lab/tiny/resolve/${COMMIT}/`, '')];
      if (!content) return response.writeHead(404).end();
      const [from = 0, to = content.length - 1] =
        /bytes=(\d+)-(\d+)/
          .exec(request.headers.range ?? '')
          ?.slice(1)
          .map(Number) ?? [];
      return response
        .writeHead(request.headers.range ? 206 : 200, {
          ...{ ETag: '"x"', 'Content-Length': to - from + 1 },
          ...(request.headers.range ? { 'Content-Range': `bytes ${from}-${to}/${content.length}` } : {}),
        })
        .end(content.subarray(from, to + 1));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  it('is fetched at its commit with the token of the environment, and its licence is kept', async () => {
    vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv('HF_TOKEN', 'hf_secretsecretsecret');
    vi.stubEnv('PLUMBLINE_CACHE', path.join(outside, 'cache'));
    const add = (revision: string) =>
      ended(
        addModel({ ctx: world.ctx, input: askedFor({ source: { from: 'hub', name: 'lab/tiny', revision } }) })
          .registrationId,
      );
    const row = await add('v2');
    expect(row).toMatchObject({ status: 'done', error: null, revision: COMMIT, licence: 'mit' });
    expect(checkpointOf(row).origin).toMatchObject({ revision: COMMIT, licence: 'mit' });
    expect(asked.every(({ token }) => token === 'Bearer hf_secretsecretsecret')).toBe(true);
    expect(asked.every(({ path: at }) => at.endsWith('/revision/v2') || at.includes(COMMIT))).toBe(true);
    expect(await add('v3')).toMatchObject({
      status: 'failed',
      error: 'lab/tiny, revision v3: the hub has no such model or revision',
    });
  });
});

describe('model roots', { timeout: 120_000 }, () => {
  it('lists folders with a config, and nothing that a link leads out to', () => {
    const name = modelFolder();
    cpSync(tiny, path.join(outside, 'secret'), { recursive: true });
    const link = path.join(world.dataFolder, 'models', newId('link'));
    symlinkSync(path.join(outside, 'secret'), link);
    const { roots, folders } = listModelFolders({ ctx: world.ctx, input: { projectId: world.projectId } });
    expect(roots).toEqual(['models']);
    expect(folders).toContain(`models/${name}`);
    expect(folders).not.toContain(`models/${path.basename(link)}`);
    rmSync(link);
  });

  it.each(['../outside', 'models/../..', '/etc', 'models/nothing', 'elsewhere/x', 'models/\0', 'models'])(
    'gives no way to %s but to a folder below a root',
    (folder) => {
      const add = () => addModel({ ctx: world.ctx, input: askedFor({ source: { from: 'folder', folder } }) });
      // the root itself is a folder of the roots: it is refused later, for having no config.json
      if (folder === 'models') expect(add).not.toThrow();
      // NUL does not get past the gate that every text passes
      else expect(add).toThrow(folder.includes('\0') ? /holds NUL/ : /is no folder below the model roots/);
    },
  );

  it('takes no file through a link out of the roots', async () => {
    writeFileSync(path.join(outside, 'tokenizer.json'), '{}');
    const name = modelFolder((folder) => {
      rmSync(path.join(folder, 'tokenizer.json'));
      symlinkSync(path.join(outside, 'tokenizer.json'), path.join(folder, 'tokenizer.json'));
    });
    expect(await addFolder(name)).toMatchObject({
      status: 'failed',
      error: 'tokenizer.json is a link that leads out of the model roots.',
    });
  });

  it('are those that the operator names', () => {
    cpSync(tiny, path.join(outside, 'here'), { recursive: true });
    vi.stubEnv('PLUMBLINE_MODEL_ROOTS', [outside, path.join(outside, 'missing')].join(path.delimiter));
    const { folders } = listModelFolders({ ctx: world.ctx, input: { projectId: world.projectId } });
    expect(folders).toContain(`${path.basename(outside)}/here`);
    expect(folders.some((folder) => folder.startsWith('models/'))).toBe(false);
  });
});

async function upload(files: Record<string, Buffer>) {
  const { registrationId } = addModel({
    ctx: world.ctx,
    input: askedFor({ source: { from: 'upload', files: Object.keys(files) } }),
  });
  const input = { projectId: world.projectId, registrationId };
  for (const [fileName, content] of Object.entries(files)) {
    const stream = Readable.from([content]);
    await receiveModelFile({ ctx: world.ctx, ...input, fileName, contentLength: content.length, stream });
  }
  finishUpload({ ctx: world.ctx, input });
  return ended(registrationId);
}

const tinyFiles = () =>
  Object.fromEntries(
    readdirSync(tiny, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'manifest.json')
      .map(({ name }) => [name, readFileSync(path.join(tiny, name))]),
  );

async function zipOf(entries: Record<string, Buffer>, options: { mode?: number } = {}): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(entries)) zip.addBuffer(content, name, options);
  zip.end();
  const file = path.join(outside, `${newId('zip')}.zip`);
  await pipeline(zip.outputStream, createWriteStream(file));
  return readFileSync(file);
}

const within = (folder: string, files: Record<string, Buffer>) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [folder + name, content]));

describe('a model that is uploaded', { timeout: 120_000 }, () => {
  it('comes as files', async () => {
    expect(await upload(tinyFiles())).toMatchObject({ status: 'done', error: null });
  });

  it('comes as a zip, in a folder or not, whatever else is in it', async () => {
    const files = tinyFiles();
    const zip = {
      ...within('my-model/', files),
      'my-model/code.py': Buffer.from('x'),
      '__MACOSX/x': Buffer.from('y'),
    };
    for (const entries of [files, zip])
      expect(await upload({ 'model.zip': await zipOf(entries) })).toMatchObject({
        status: 'done',
        error: null,
      });
  });

  const put = (name: string, from: string, to: string) => async () => {
    const zip = await zipOf({ ...tinyFiles(), [name]: Buffer.from('{}') });
    return Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1');
  };
  const refusals: [string, () => Promise<Buffer>, RegExp][] = [
    [
      'a name that climbs',
      put('aa/evil.json', 'aa/evil.json', '../evil.json'),
      /invalid relative path: ..\/evil.json/,
    ],
    ['an absolute name', put('aaevil.json', 'aaevil.json', '/aevil.json'), /absolute path: \/aevil.json/],
    ['a link', () => zipOf(tinyFiles(), { mode: 0o120777 }), /is a link, expected files only/],
    [
      'a bomb',
      () => zipOf({ ...tinyFiles(), 'model.safetensors': Buffer.alloc(40_000_000) }),
      /"model.safetensors" claims 40000000 bytes from \d+: more than 200 to 1/,
    ],
    ['no model in it', () => zipOf({ 'readme.txt': Buffer.from('x') }), /one config.json.*found none/],
    [
      'two models in it',
      () => zipOf({ ...within('a/', tinyFiles()), ...within('b/', tinyFiles()) }),
      /found one in each of a\/, b\//,
    ],
    ['no zip at all', async () => Buffer.from('hello'), /This is no zip that can be read/],
    [
      'a changed byte',
      async () => {
        const zip = await zipOf(tinyFiles());
        const at = zip.indexOf('model.safetensors') + 4000;
        zip[at] = (zip[at] as number) ^ 1;
        return zip;
      },
      /The zip cannot be unpacked/,
    ],
  ];
  it.each(refusals)('is refused as a zip with %s', async (_, make, reason) => {
    const row = await upload({ 'model.zip': await make() });
    expect(row.status).toBe('failed');
    expect(row.error).toMatch(reason);
    expect(existsSync(path.join(world.dataFolder, 'registrations', row.id))).toBe(false);
    expect(existsSync(path.join(world.dataFolder, 'evil.json'))).toBe(false);
  });

  it('takes only the names it announced, and those only of a model', async () => {
    const announce = (files: string[]) => () =>
      addModel({ ctx: world.ctx, input: askedFor({ source: { from: 'upload', files } }) });
    for (const name of ['../config.json', '/etc/passwd', 'pytorch_model.bin', 'a/config.json'])
      expect(announce(['config.json', name])).toThrow(/is no file of a model folder/);
    expect(announce(['config.json', 'config.json'])).toThrow('Two files have the same name.');
    const { registrationId } = announce(['config.json'])();
    const input = { projectId: world.projectId, registrationId };
    const send = (fileName: string, content: Buffer, contentLength: number | null = null) =>
      receiveModelFile({
        ctx: world.ctx,
        ...input,
        fileName,
        contentLength,
        stream: Readable.from([content]),
      });
    await expect(send('tokenizer.json', Buffer.from('{}'))).rejects.toThrow(
      /none of the files announced: config.json/,
    );
    await expect(send('../../plumbline.db', Buffer.from('x'))).rejects.toThrow(/none of the files announced/);
    await expect(send('config.json', Buffer.alloc(0))).rejects.toThrow('config.json is empty.');
    await expect(send('config.json', Buffer.from('{}'), 2 ** 40)).rejects.toThrow(
      /has 1099511627776 bytes; the limit/,
    );
    expect(() => finishUpload({ ctx: world.ctx, input })).toThrow('config.json has not arrived.');
    expect(readdirSync(path.join(world.dataFolder, 'registrations', registrationId, 'upload'))).toEqual([]);
    cancelRegistration({ ctx: world.ctx, input });
    expect(await ended(registrationId)).toMatchObject({ status: 'cancelled' });
    await expect(send('config.json', Buffer.from('{}'))).rejects.toThrow(
      /waits for no files: it is cancelled/,
    );
  });

  it('is nothing for an annotator', () => {
    const annotator = {
      ...world.ctx,
      actor: { type: 'user' as const, userId: 'usr_none', isInstanceOwner: false },
    };
    expect(() =>
      addModel({ ctx: annotator, input: askedFor({ source: { from: 'upload', files: ['config.json'] } }) }),
    ).toThrow(/No project/);
  });
});

describe('an adapter', { timeout: 120_000 }, () => {
  const lora = {
    ...{ rank: 2, alpha: 4, rankStabilized: false, targetModules: ['q_proj', 'v_proj'] },
    ...{ rankPattern: {}, alphaPattern: {}, modulesToSave: [] },
  };
  async function adapterFolder(change: (folder: string) => void = () => {}): Promise<string> {
    await chooseBackend('cpu');
    const base = loadPretrained(tiny);
    const rng = createRng(1, 'adapter');
    const params = addLora(base.params, { config: base.config, lora, rng });
    const name = newId('adapter');
    const folder = path.join(world.dataFolder, 'models', name);
    mkdirSync(folder);
    saveAdapter(folder, { params, config: base.config, lora, baseModel: 'tiny' });
    change(folder);
    return name;
  }

  it('is registered merged into its base, whose hash is kept, with the adapter beside it', async () => {
    const name = await adapterFolder();
    const row = await addFolder(name, { kind: 'adapter', baseCheckpointId: world.model.id });
    expect(row).toMatchObject({ status: 'done', error: null, kind: 'adapter' });
    const checkpoint = checkpointOf(row);
    expect(checkpoint.parentId).toBe(world.model.id);
    expect(checkpoint.origin).toMatchObject({
      kind: 'adapter',
      baseManifestSha256: world.model.manifestSha256,
    });
    const folder = checkpointFolder(world.dataFolder, checkpoint.folder);
    expect(readdirSync(path.join(folder, 'adapter')).sort()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
    ]);
    const model = world.db.select().from(models).where(eq(models.id, checkpoint.modelId)).get();
    expect(model?.kind).toBe('language-model');
  });

  it('needs its base, and one that it fits', async () => {
    const name = await adapterFolder();
    expect(await addFolder(name)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('this is an adapter; add it as one'),
    });
    const source = { from: 'folder' as const, folder: `models/${name}` };
    expect(() => addModel({ ctx: world.ctx, input: askedFor({ source, kind: 'adapter' }) })).toThrow(
      /An adapter needs the checkpoint that it was trained on/,
    );
    const other = await adapterFolder((folder) =>
      editJson(path.join(folder, 'adapter_config.json'), (json) => Object.assign(json, { r: 3 })),
    );
    expect(await addFolder(other, { kind: 'adapter', baseCheckpointId: world.model.id })).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(
        /^adapter_model.safetensors: tensor .* has shape \[2,16\], rank and base ask for \[3,16\]/,
      ),
    });
  });
});
