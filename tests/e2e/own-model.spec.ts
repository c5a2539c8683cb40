/** A lab's own model on the page, in and out: added from a folder, asked, ranked, trained with, and taken home to transformers. */
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { eq } from 'drizzle-orm';
import { openPromise } from 'yauzl';
import { tasks } from '../../db/schema/tasks.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import { pythonForTests, runPython } from '../support/with-python.ts';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';
import { RunPage } from './pages/run-page.ts';
import { importFile, jsonl } from './support/import-file.ts';

/** Another model than the bundled one, for an experiment by hand: PLUMBLINE_OWN_MODEL=<folder> E2E_BACKEND=native npx playwright test own-model */
const GIVEN = process.env.PLUMBLINE_OWN_MODEL;
/** How much longer everything may take with it. */
const PATIENCE = GIVEN === undefined ? 1 : 10;
/** Of the largest logit where that is above 1: two float32 programs round in different orders. */
const LOGIT_TOLERANCE = GIVEN === undefined ? 1e-4 : 1e-5;

test('a model of one’s own is added, asked, ranked and trained, and opens in transformers', async ({
  world,
  pageAs,
}) => {
  test.setTimeout(420_000 * PATIENCE);
  const own = path.join(world.dataFolder, 'models/own-model');
  cpSync(GIVEN ?? 'trainer/bundled/toy-sft', own, { recursive: true });
  writeFileSync(path.join(own, 'README.md'), '---\nlicense: cc-by-4.0\n---\n# Ours\n');
  const { project, people } = world.addProject('Own model');
  const { slug } = project;
  const researcher = await pageAs(people.researcher);
  const prompts = Array.from({ length: 10 }, (_, n) => ({ prompt: `Name ${n + 2} animals.` }));
  await importFile(researcher, slug, { name: 'prompts.jsonl', text: jsonl(prompts), format: 'prompts' });

  // 1. added from a folder, with its licence and what it answered when it was tried
  await researcher.goto(`/projects/${slug}/models`);
  await researcher.getByRole('button', { name: 'Add a model' }).click();
  const dialog = researcher.getByRole('dialog');
  await dialog.getByLabel('Where it comes from').selectOption('folder');
  await expect(dialog.getByLabel('Folder').locator('option', { hasText: 'models/own-model' })).toBeAttached();
  await dialog.getByLabel('Folder').selectOption('models/own-model');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(researcher.getByText('Added from the folder models/own-model')).toBeVisible({
    timeout: 90_000 * PATIENCE,
  });
  await researcher.getByRole('button', { name: 'About' }).click();
  await expect(researcher.getByText('cc-by-4.0')).toBeVisible();
  await expect(researcher.getByText('It answered')).toBeVisible();

  // 2. answers to ten prompts, ranked
  await researcher.getByRole('button', { name: 'Generate', exact: true }).click();
  await dialog.getByLabel('Prompts').fill('10');
  await dialog.getByLabel('Longest response in tokens').fill('24');
  await dialog.getByRole('button', { name: 'Generate', exact: true }).click();
  const numTasks = () =>
    world.db.select({ id: tasks.id }).from(tasks).where(eq(tasks.projectId, project.id)).all().length;
  await expect.poll(numTasks, { timeout: 90_000 * PATIENCE }).toBeGreaterThan(5);
  const annotator = await pageAs(people.annotator);
  const label = new LabelPage(annotator);
  await label.open(slug);
  for (let left = numTasks(); left > 0; left -= 1) {
    await label.press('1');
    await label.submit();
  }
  await expect(annotator.getByTestId('all-done')).toBeVisible();
  await label.settled();

  // 3. a reward model with LoRA, then PPO with LoRA
  await researcher.goto(`/projects/${slug}/exports`);
  await researcher.getByRole('button', { name: 'Freeze a snapshot' }).click();
  await expect(researcher.getByTestId('snapshot').first()).toContainText('judgments kept');
  const run = new RunPage(researcher);
  await run.fillIn(slug, 'reward', {
    preset: 'toy',
    fields: { Epochs: '2', 'Max length': '128', 'Normalize on': '8', 'Batch size': '4', Rank: '4' },
  });
  await expect(researcher.getByLabel('Model', { exact: true })).toContainText('own-model');
  await run.start();
  await run.finished('', { timeout: 150_000 * PATIENCE });
  await run.fillIn(slug, 'ppo', {
    preset: 'toy',
    fields: {
      'Total episodes': '64',
      'Rollout batch size': '16',
      'Response length': '16',
      'Max prompt length': '64',
      Rank: '4',
    },
  });
  await run.start();
  await run.finished('', { timeout: 150_000 * PATIENCE });

  // 4. taken home by an auditor, as for exports
  const auditor = await pageAs(people.auditor);
  await auditor.goto(`/projects/${slug}/models`);
  const policy = auditor
    .locator('li', { hasText: 'ppo' })
    .filter({ has: auditor.getByText('Download') })
    .first();
  await policy.getByRole('button', { name: 'Download' }).click();
  const link = auditor.getByRole('link', { name: /^Everything/ });
  const [file] = await Promise.all([auditor.waitForEvent('download'), link.click()]);
  expect(file.suggestedFilename()).toMatch(/^own-model-ppo-step-\d+\.zip$/);
  const root = mkdtempSync(path.join(tmpdir(), 'taken-home-'));
  const folder = path.join(root, 'ours', 'policy');
  const names = await unzip(await file.path(), folder);
  expect(names).toEqual(
    expect.arrayContaining(['README.md', 'config.json', 'manifest.json', 'model.safetensors']),
  );
  // merged into the weights, and beside them alone; B begins as zeros, so it was trained if it is none
  const adapter = readSafetensors(path.join(folder, 'adapter', 'adapter_model.safetensors'));
  const trained = [...adapter].filter(
    ([name, { data }]) => name.includes('lora_B') && data.some((x) => x !== 0),
  );
  expect(trained.length).toBeGreaterThan(0);

  const python = pythonForTests();
  if (python) {
    await chooseBackend(GIVEN === undefined ? 'cpu' : undefined);
    const ids = Int32Array.from([1, 20, 30, 40, 50, 60]);
    const { params, config } = loadPretrained(folder);
    const forward = compile('own model', (inputs: TokenBatch) => ({
      logits: lmLogits(params, config, forwardHidden(params, config, inputs)),
    }));
    const shape = [1, ids.length];
    const { logits } = await forward({
      idsBT: { shape, data: ids },
      maskBT: { shape, data: ids.map(() => 1) },
      positionsBT: { shape, data: ids.map((_, at) => at) },
    });
    const tokens = { ids: [[...ids]], mask: [[...ids].map(() => 1)] };
    writeFileSync(
      path.join(root, 'cases.json'),
      JSON.stringify({ cases: [{ name: 'policy', reward: false }], tokens }),
    );
    runPython(python, ['tests/interop/interop.py', 'open', root]);
    const theirs = readSafetensors(path.join(root, 'ours/policy.output.safetensors')).get('logits');
    expect(theirs?.data).toHaveLength(logits.data.length);
    const differences = Array.from(logits.data, (value, i) => Math.abs(value - (theirs?.data[i] as number)));
    const largest = Array.from(logits.data).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = differences.reduce((most, value) => Math.max(most, value), 0);
    expect(difference / (GIVEN === undefined ? 1 : largest)).toBeLessThan(LOGIT_TOLERANCE);
  }
  rmSync(root, { recursive: true });
});

/** Unpacks the one folder of an archive. @returns the names in it */
async function unzip(file: string, into: string): Promise<string[]> {
  const zip = await openPromise(file, { lazyEntries: true });
  const names: string[] = [];
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.slice(entry.fileName.indexOf('/') + 1);
    const target = path.join(into, name);
    mkdirSync(path.dirname(target), { recursive: true });
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
    names.push(name);
  }
  return names;
}
