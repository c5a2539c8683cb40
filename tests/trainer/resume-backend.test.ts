/** A resumed run goes on with the backend of its checkpoint; another one must be asked for, and is warned of. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type BackendName, bestBackend } from '../../trainer/backends/choose.ts';
import { runBackend } from '../../trainer/recipes/run/run-state.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { tinySft } from './tiny-configs.ts';
import { collect, doneOf, foldersOf, sftExamples, writeTinyModel } from './tiny-world.ts';

let folder: string;
let modelFolder: string;
let checkpoint: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-resume-backend-'));
  modelFolder = await writeTinyModel(join(folder, 'base'));
  const controller = new AbortController();
  const events = start('cpu', { out: join(folder, 'out'), resumeFrom: null, controller });
  checkpoint = doneOf(
    await collect(events, { controller, when: (event) => event.type === 'step' && event.step === 2 }),
  ).folder;
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(
  backend: BackendName,
  run: { out: string; resumeFrom: string | null; controller?: AbortController },
) {
  const { controller = new AbortController(), ...rest } = run;
  const { signal } = controller;
  const folders = foldersOf({ ...rest, model: modelFolder });
  return sft({ config: tinySft, backend, folders, data: { examples: sftExamples }, signal });
}

it('the checkpoint decides where nothing else was asked for', () => {
  vi.stubEnv('PLUMBLINE_BACKEND', '');
  expect(runBackend(undefined, null)).toBe(bestBackend());
  expect(runBackend(undefined, checkpoint)).toBe('cpu');
  expect(runBackend('simd', checkpoint)).toBe('simd');
  vi.stubEnv('PLUMBLINE_BACKEND', 'simd');
  expect(runBackend(undefined, checkpoint)).toBe('simd');
  expect(runBackend('cpu', null)).toBe('cpu');
});

it('another backend is warned of before anything is computed on it, the same one is not', async () => {
  const resumed = (backend: BackendName) =>
    collect(start(backend, { out: join(folder, backend), resumeFrom: checkpoint }));
  const elsewhere = await resumed('simd');
  expect(elsewhere[0]).toEqual({
    type: 'warning',
    step: 2,
    message: expect.stringContaining('made with backend cpu and the run goes on with simd'),
  });
  const same = await resumed('cpu');
  expect(same[0]).toMatchObject({ type: 'plan', backend: 'cpu', device: expect.stringMatching(/thread/) });
  expect(same.filter(({ type }) => type === 'warning')).toEqual([]);
});
