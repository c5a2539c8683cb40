import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { auditLog } from '../../db/schema/audit-log.ts';
import { memberships } from '../../db/schema/projects.ts';
import {
  createTrainingWorld,
  type TrainingWorld,
  tinyModelFolder,
} from '../../tests/support/training-world.ts';
import type { Ctx } from '../context.ts';
import { listCheckpointFiles, openCheckpointArchive, openCheckpointFile } from './download.ts';
import type { Checkpoint } from './internal.ts';
import { registerCheckpoint } from './register.ts';

let world: TrainingWorld;
let checkpoint: Checkpoint;
let folder: string;
const outside = mkdtempSync(path.join(tmpdir(), 'outside-'));

beforeAll(async () => {
  world = await createTrainingWorld();
  folder = path.join(world.dataFolder, 'registered/one');
  cpSync(await tinyModelFolder(), folder, { recursive: true });
  mkdirSync(path.join(folder, 'adapter'));
  writeFileSync(path.join(folder, 'adapter/adapter_config.json'), '{"r":2}');
  writeFileSync(path.join(folder, 'README.md'), 'not this one');
  writeFileSync(path.join(outside, 'secret'), 'secret');
  symlinkSync(path.join(outside, 'secret'), path.join(folder, 'link.json'));
  checkpoint = registerCheckpoint({
    ctx: world.ctx,
    input: {
      ...{ projectId: world.projectId, modelName: 'My <b>model</b>', kind: 'language-model', step: 0 },
      ...{ folder: 'registered/one', manifestSha256: null, parentId: world.model.id },
      ...{ rewardCheckpointId: null, snapshotId: null, runId: null },
      origin: {
        ...{ source: { from: 'hub', name: 'some/base', revision: 'main' }, kind: 'language-model' },
        ...{
          revision: 'a'.repeat(40),
          licence: 'apache-2.0',
          architecture: 'LlamaForCausalLM',
          parameters: 1,
        },
        ...{ baseManifestSha256: null, sample: { prompt: 'p', response: 'r', score: null } },
      },
    },
  });
}, 60_000);
afterAll(() => {
  world.close();
  rmSync(outside, { recursive: true });
});

const input = () => ({ projectId: world.projectId, checkpointId: checkpoint.id });
const asRole = (role: 'annotator' | 'auditor'): Ctx => {
  const row = world.db.select().from(memberships).where(eq(memberships.role, role)).get();
  return { ...world.ctx, actor: { type: 'user', userId: row?.userId ?? '', isInstanceOwner: false } };
};

async function contentsOf(zip: Buffer): Promise<Record<string, Buffer>> {
  const opened = await fromBufferPromise(zip, { lazyEntries: true });
  const contents: Record<string, Buffer> = {};
  for await (const entry of opened.eachEntry())
    contents[entry.fileName] = await buffer(await opened.openReadStreamPromise(entry));
  return contents;
}

describe('a checkpoint as an archive', () => {
  it('holds every file of the folder as it is, and the card', async () => {
    const { open, totalBytes, fileName } = openCheckpointArchive({
      ctx: world.ctx,
      input: { ...input(), part: 'model' },
    });
    const zip = await buffer(open(null));
    expect(zip).toHaveLength(totalBytes);
    expect(fileName).toBe('My-b-model-b--step-0.zip');
    const contents = await contentsOf(zip);
    const names = Object.keys(contents).map((name) => name.replace('My-b-model-b--step-0/', ''));
    expect(names.sort()).toEqual(
      [
        ...readdirSync(folder).filter((name) => !['adapter', 'link.json'].includes(name)),
        'adapter/adapter_config.json',
      ].sort(),
    );
    const weights = contents['My-b-model-b--step-0/model.safetensors'];
    expect(weights?.equals(readFileSync(path.join(folder, 'model.safetensors')))).toBe(true);
    expect(contents['My-b-model-b--step-0/README.md']?.toString()).toContain('license: apache-2.0');
  });

  it('goes on from any byte, and the parts are the whole', async () => {
    const archive = () => openCheckpointArchive({ ctx: world.ctx, input: { ...input(), part: 'model' } });
    const { totalBytes, etag } = archive();
    const whole = await buffer(archive().open(null));
    expect(archive().etag).toBe(etag);
    for (const at of [1, 100, 5000, Math.floor(totalBytes / 2), totalBytes - 1]) {
      const first = await buffer(archive().open({ start: 0, end: at - 1 }));
      const rest = await buffer(archive().open({ start: at, end: totalBytes - 1 }));
      expect(Buffer.concat([first, rest]).equals(whole)).toBe(true);
    }
  });

  it('is the adapter alone where that is asked for, and not where there is none', async () => {
    const adapter = openCheckpointArchive({ ctx: world.ctx, input: { ...input(), part: 'adapter' } });
    expect(Object.keys(await contentsOf(await buffer(adapter.open(null)))).sort()).toEqual([
      'My-b-model-b--step-0-adapter/README.md',
      'My-b-model-b--step-0-adapter/adapter_config.json',
    ]);
    const other = { projectId: world.projectId, checkpointId: world.model.id, part: 'adapter' as const };
    expect(() => openCheckpointArchive({ ctx: world.ctx, input: other })).toThrow(/has no adapter/);
  });
});

describe('a file of a checkpoint', () => {
  it('is sent whole or in part, by its name in the folder', async () => {
    const file = openCheckpointFile({ ctx: world.ctx, input: { ...input(), file: 'model.safetensors' } });
    const bytes = readFileSync(path.join(folder, 'model.safetensors'));
    expect(file.totalBytes).toBe(bytes.length);
    expect((await buffer(file.open(null))).equals(bytes)).toBe(true);
    expect((await buffer(file.open({ start: 8, end: 99 }))).equals(bytes.subarray(8, 100))).toBe(true);
    const inner = openCheckpointFile({
      ctx: world.ctx,
      input: { ...input(), file: 'adapter/adapter_config.json' },
    });
    expect((await buffer(inner.open(null))).toString()).toBe('{"r":2}');
  });

  it.each(['../one/config.json', '/etc/passwd', 'adapter', 'link.json', '', '..', 'adapter/../config.json'])(
    'is never %s',
    (file) => {
      expect(() => openCheckpointFile({ ctx: world.ctx, input: { ...input(), file } })).toThrow(/No file/);
    },
  );

  it('README.md is the card: lineage, licence, data; nothing in a name becomes markup', async () => {
    const file = openCheckpointFile({ ctx: world.ctx, input: { ...input(), file: 'README.md' } });
    const card = (await buffer(file.open(null))).toString();
    expect(card).toHaveLength(file.totalBytes);
    expect(card).toContain('base_model:\n  - some/base');
    expect(card).toContain(`trained from: **tiny**, step 2, \`${world.model.id}\``);
    expect(card).toContain(`from the hub: some/base at ${'a'.repeat(40)}`);
    expect(card).toContain('No judgments of this project went into it.');
    expect(card).toContain('# My \\<b\\>model\\</b\\>');
  });
});

describe('who may download', () => {
  it('auditors may, annotators and strangers may not, and each asking is recorded', () => {
    const count = () =>
      world.db.select().from(auditLog).where(eq(auditLog.action, 'models.download')).all().length;
    const before = count();
    openCheckpointFile({ ctx: asRole('auditor'), input: { ...input(), file: 'config.json' } });
    openCheckpointArchive({ ctx: asRole('auditor'), input: { ...input(), part: 'model' } });
    expect(count()).toBe(before + 2);
    const annotator = asRole('annotator');
    expect(() => openCheckpointArchive({ ctx: annotator, input: { ...input(), part: 'model' } })).toThrow(
      /annotator, which may not do this \(models.download\)/,
    );
    const stranger: Ctx = { ...world.ctx, actor: { type: 'user', userId: 'usr_x', isInstanceOwner: false } };
    expect(() => listCheckpointFiles({ ctx: stranger, input: input() })).toThrow(/No project/);
    const nobody: Ctx = { ...world.ctx, actor: { type: 'anonymous' } };
    expect(() => openCheckpointFile({ ctx: nobody, input: { ...input(), file: 'config.json' } })).toThrow(
      /No project/,
    );
    expect(count()).toBe(before + 2);
  });
});
