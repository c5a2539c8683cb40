import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRng } from '../lib/rng.ts';
import { chooseBackend } from './backends/choose.ts';
import {
  checkpointFolder,
  latestCheckpoint,
  pruneCheckpoints,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from './checkpoint.ts';
import { verifyManifest } from './manifest.ts';
import { newModelConfig } from './model/config.ts';
import { loadPretrained } from './model/files/load-pretrained.ts';
import { addScoreHead } from './model/heads.ts';
import { initParams } from './model/init-params.ts';
import { copyParams, disposeParams, type Params, readParams } from './model/params.ts';
import { createAdamW } from './optim/adamw.ts';

const config = newModelConfig({
  vocabSize: 20,
  hiddenSize: 8,
  intermediateSize: 12,
  numLayers: 1,
  numHeads: 2,
  maxPositions: 16,
  padTokenId: 0,
});
const stateSchema = z.strictObject({ step: z.number(), klCoefficient: z.number(), rng: z.array(z.number()) });
type State = z.infer<typeof stateSchema>;

let out: string;
let params: Params;
beforeAll(async () => {
  await chooseBackend('cpu');
  params = initParams(config, createRng(1, 'init'));
});
afterAll(() => disposeParams(params));
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => rmSync(out, { recursive: true }));

const stateOf = (step: number): State => ({
  step,
  klCoefficient: 0.1 + 0.2,
  rng: [...createRng(step, 'data').state()],
});
const write = (
  step: number,
  training: TrainingState<State> | null = { state: stateOf(step), optimizers: {} },
) => writeCheckpoint({ folder: checkpointFolder(out, step), model: { params, config }, training });

describe('writeCheckpoint and readCheckpoint', () => {
  it('give back state, moments and models bit for bit, companions included', () => {
    const reward = addScoreHead(copyParams(params), config, createRng(2, 'head'));
    const optimizer = createAdamW(params, {
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0,
      maxGradNorm: 1,
    });
    optimizer.advance(0.1);
    const policy = optimizer.exportState();
    policy.moments['model.norm.weight.first_moment']?.data.set([1e-38, -3.4e38, 0.1]);
    const written = writeCheckpoint({
      folder: checkpointFolder(out, 7),
      model: { params, config },
      companions: { critic: { params: reward.params, config: reward.config } },
      training: { state: stateOf(7), optimizers: { policy, critic: { step: 0, moments: {} } } },
    });
    const read = readCheckpoint(checkpointFolder(out, 7), stateSchema);
    expect(read).toEqual({
      state: stateOf(7),
      optimizers: { policy, critic: { step: 0, moments: {} } },
      ...written,
    });
    optimizer.importState(read.optimizers.policy as never);
    expect(optimizer.exportState()).toEqual(policy);
    const critic = loadPretrained(join(checkpointFolder(out, 7), 'critic'));
    expect(readParams(critic.params)).toEqual(readParams(reward.params));
    expect(verifyManifest(checkpointFolder(out, 7))).toEqual({ ok: true, ...written });
    for (const made of [critic.params, reward.params]) disposeParams(made);
    optimizer.dispose();
  });

  it('gives the same manifest hash for the same content, in any folder', () => {
    const first = writeCheckpoint({ folder: join(out, 'a'), model: { params, config }, training: null });
    const second = writeCheckpoint({ folder: join(out, 'b'), model: { params, config }, training: null });
    expect(second).toEqual(first);
    expect(readdirSync(out).sort()).toEqual(['a', 'b']);
  });

  it('replaces a checkpoint of the same name', () => {
    write(3);
    writeCheckpoint({
      folder: checkpointFolder(out, 3),
      model: { params, config },
      training: { state: stateOf(4), optimizers: {} },
    });
    expect(readCheckpoint(checkpointFolder(out, 3), stateSchema).state.step).toBe(4);
    expect(readdirSync(out)).toEqual(['checkpoint-3']);
  });

  it('refuses state that JSON would falsify, and leaves nothing behind', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const state = { ...stateOf(1), klCoefficient: bad };
      expect(() => write(1, { state, optimizers: {} })).toThrow("the trainer's state is not finite JSON");
    }
    expect(readdirSync(out)).toEqual([]);
  });

  it('says so when the state is of another recipe, or there is none', () => {
    write(1);
    const other = z.strictObject({ epoch: z.number() });
    expect(() => readCheckpoint(checkpointFolder(out, 1), other)).toThrow(
      /not the state of this recipe[\s\S]*epoch/,
    );
    write(2, null);
    expect(() => readCheckpoint(checkpointFolder(out, 2), stateSchema)).toThrow('not a run to resume');
  });
});

describe('verifyManifest', () => {
  const folder = () => checkpointFolder(out, 1);
  beforeEach(() => {
    write(1);
  });

  it('names any file of which one byte is changed', () => {
    const files = readdirSync(folder());
    expect(files.sort()).toEqual([
      'config.json',
      'generation_config.json',
      'manifest.json',
      'model.safetensors',
      'optimizer.safetensors',
      'trainer-state.json',
    ]);
    for (const file of files) {
      const copy = join(out, 'copy');
      cpSync(folder(), copy, { recursive: true });
      const bytes = readFileSync(join(copy, file));
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] as number) ^ 1;
      writeFileSync(join(copy, file), bytes);
      const check = verifyManifest(copy);
      // a changed manifest differs in its own hash, or accuses the file whose entry was changed
      if (file === 'manifest.json') expect(check).not.toEqual(verifyManifest(folder()));
      else expect(check).toMatchObject({ ok: false, file, reason: expect.stringContaining('sha256') });
      rmSync(copy, { recursive: true });
    }
  });

  it('names files that are cut, missing or not listed, and a manifest that is none', () => {
    appendFileSync(join(folder(), 'config.json'), ' ');
    expect(verifyManifest(folder())).toMatchObject({
      ok: false,
      file: 'config.json',
      reason: expect.stringContaining('bytes'),
    });
    rmSync(join(folder(), 'config.json'));
    expect(verifyManifest(folder())).toEqual({ ok: false, file: 'config.json', reason: 'is missing' });
    expect(() => readCheckpoint(folder(), stateSchema)).toThrow('broken checkpoint: config.json is missing');
    write(1);
    mkdirSync(join(folder(), 'critic'));
    writeFileSync(join(folder(), 'critic', 'notes.txt'), 'x');
    expect(verifyManifest(folder())).toEqual({
      ok: false,
      file: 'critic/notes.txt',
      reason: 'is not listed in the manifest',
    });
    writeFileSync(join(folder(), 'manifest.json'), '{"version":1}');
    expect(verifyManifest(folder())).toMatchObject({ ok: false, file: 'manifest.json' });
    rmSync(join(folder(), 'manifest.json'));
    expect(verifyManifest(folder())).toMatchObject({ ok: false, file: 'manifest.json' });
  });
});

describe('latestCheckpoint and pruneCheckpoints', () => {
  it('take the highest step that is whole and resumable', () => {
    expect(latestCheckpoint(join(out, 'nowhere'))).toBeNull();
    expect(latestCheckpoint(out)).toBeNull();
    for (const step of [9, 10, 100]) write(step);
    write(200, null);
    cpSync(checkpointFolder(out, 10), `${checkpointFolder(out, 300)}.tmp-0123456789ab`, { recursive: true });
    expect(latestCheckpoint(out)).toEqual({ folder: checkpointFolder(out, 100), step: 100 });
    appendFileSync(join(checkpointFolder(out, 100), 'model.safetensors'), 'x');
    expect(latestCheckpoint(out)?.step).toBe(10);
  });

  it('keep the newest whole ones, never count a broken one, and clear up', () => {
    for (const step of [1, 2, 3, 4]) write(step);
    writeCheckpoint({ folder: join(out, 'final'), model: { params, config }, training: null });
    rmSync(join(checkpointFolder(out, 4), 'config.json'));
    mkdirSync(`${checkpointFolder(out, 5)}.tmp-0123456789ab`);
    pruneCheckpoints(out, 2);
    expect(readdirSync(out).sort()).toEqual(['checkpoint-2', 'checkpoint-3', 'checkpoint-4', 'final']);
    expect(() => pruneCheckpoints(out, 0)).toThrow('keep 0');
  });
});

it('a process killed (-9) while it writes leaves the older checkpoint loadable', async () => {
  const script = fileURLToPath(new URL('../tests/support/write-checkpoints.ts', import.meta.url));
  let interrupted = 0;
  for (let round = 0; round < 10 && interrupted < 3; round++) {
    const folder = join(out, `round-${round}`);
    mkdirSync(folder);
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let finished = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      finished = Number(chunk.toString().trim().split('\n').at(-1));
    });
    while (finished === 0 && child.exitCode === null) await sleep(2);
    // a new temporary folder has appeared: the next checkpoint is being written; each round kills a little later
    while (!readdirSync(folder).some((name) => name.includes('.tmp-')) && child.exitCode === null)
      await sleep(1);
    await sleep(8 * round);
    child.kill('SIGKILL');
    await exited;

    if (readdirSync(folder).some((name) => name.includes('.tmp-'))) interrupted++;
    const latest = latestCheckpoint(folder);
    expect(latest?.step).toBeGreaterThanOrEqual(1);
    const state = readCheckpoint(latest?.folder as string, z.strictObject({ step: z.number() }));
    expect(state.state.step).toBe(latest?.step);
    const model = loadPretrained(latest?.folder as string);
    expect(Object.keys(state.optimizers.policy?.moments ?? {})).toHaveLength(
      2 * Object.keys(model.params).length,
    );
    disposeParams(model.params);
    pruneCheckpoints(folder, 1);
    expect(readdirSync(folder)).toEqual([`checkpoint-${latest?.step}`]);
    expect(existsSync(join(latest?.folder as string, 'manifest.json'))).toBe(true);
  }
  expect(interrupted, 'rounds in which the kill fell into a write').toBe(3);
}, 120_000);
