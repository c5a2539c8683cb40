import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { eq } from 'drizzle-orm';
import { openPromise as openZip } from 'yauzl';
import { users } from '../../db/schema/users.ts';
import { EXPORT_FORMATS } from '../../lib/export-formats.ts';
import { recordJudgment } from '../../server/judgments/record.ts';
import { claimTask } from '../../server/tasks/claim.ts';
import { expect, test } from './fixtures.ts';
import { importFile, jsonl } from './support/import-file.ts';

test('an auditor exports every format, and a changed byte is named by file and line', async ({
  world,
  pageAs,
}) => {
  test.setTimeout(120_000);
  const { project, people } = world.addProject('Exports');
  const rows = Array.from({ length: 6 }, (_, n) => ({
    prompt: `Q${n}`,
    chosen: `good ${n}`,
    rejected: `bad ${n}`,
  }));
  const researcher = await pageAs(people.researcher);
  await importFile(researcher, project.slug, { name: 'pairs.jsonl', text: jsonl(rows) });

  // one judgment of a simulated annotator, through the domain's own verbs
  world.addTasks(project, people.owner, [{ prompt: 'Simulated?', responses: ['yes', 'no'] }]);
  world.db.update(users).set({ isSimulated: true }).where(eq(users.id, people.annotator)).run();
  const ctx = world.ctxAs(people.annotator);
  const { task } = claimTask({ ctx, input: { projectId: project.id } });
  if (task === null) throw new Error('no task');
  const [first, second] = task.responses.map((response) => response.id) as [string, string];
  recordJudgment({
    ctx,
    input: {
      projectId: project.id,
      seatId: task.seatId,
      leaseToken: task.leaseToken,
      idempotencyKey: `simulated-${task.seatId}`,
      ranking: [[first], [second]],
      strength: -1,
      tieKind: 'none',
      notRankable: false,
      flags: {},
      rationale: '',
      firstInteractionAt: null,
      activeMs: 0,
      inputKind: 'api',
    },
  });

  await researcher.goto(`/projects/${project.slug}/exports`);
  await researcher.getByRole('button', { name: 'Freeze a snapshot' }).click();
  const made = researcher.getByTestId('snapshot').first();
  await expect(made).toContainText(/7\s*judgments kept/);
  await expect(made).toContainText(/1\s*simulated annotators/);
  await expect(made).toContainText(/6\s*imported/);
  await expect(made).toContainText('holds simulated judgments');

  const auditor = await pageAs(people.auditor);
  await auditor.goto(`/projects/${project.slug}/exports`);
  const card = auditor.getByTestId('snapshot').first();
  for (const format of EXPORT_FORMATS) {
    await card.getByLabel('Export as').selectOption(format);
    await card.getByRole('button', { name: 'Export', exact: true }).click();
    await expect(card.getByTestId(`export-${format}`)).toContainText(
      format === 'trl-unpaired' ? '14 rows' : '7 rows',
    );
  }
  const download = async (format: string, name: string) => {
    const link = card
      .getByTestId(`export-${format}`)
      .getByRole('link', { name: new RegExp(`^${name.replace('.', '\\.')}`) });
    const [file] = await Promise.all([auditor.waitForEvent('download'), link.click()]);
    expect(file.suggestedFilename()).toBe(name);
    return readFileSync(await file.path(), 'utf8');
  };
  const trl = `${await download('trl', 'train.jsonl')}${await download('trl', 'heldout.jsonl')}`
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { prompt: string; chosen: string; rejected: string });
  const expected = [
    ...rows,
    { prompt: 'Simulated?', chosen: task.responses[0]?.content, rejected: task.responses[1]?.content },
  ];
  const byPrompt = (one: { prompt: string }, other: { prompt: string }) =>
    one.prompt.localeCompare(other.prompt);
  expect(trl.map(({ prompt, chosen, rejected }) => ({ prompt, chosen, rejected })).sort(byPrompt)).toEqual(
    expected.sort(byPrompt),
  );
  const raw = (await download('raw', 'raw.jsonl')).trim().split('\n');
  expect(raw.map((line) => (JSON.parse(line) as { source: string }).source).sort()).toEqual([
    ...Array(6).fill('imported'),
    'simulated',
  ]);
  // pseudonyms serve: no names
  expect(raw.join()).not.toContain('Exports annotator');

  // verify: whole, then one byte of one line changed on disk
  const exported = card.getByTestId('export-raw');
  await exported.getByRole('button', { name: 'Verify' }).click();
  await expect(exported.getByRole('status')).toContainText('Whole');
  const href = await exported.getByRole('link', { name: /^raw\.jsonl/ }).getAttribute('href');
  const exportId = /exports\/([^/]+)\//.exec(href ?? '')?.[1] ?? '';
  const file = path.join(world.dataFolder, 'exports', exportId, 'raw.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n');
  lines[2] = lines[2]?.replace('good', 'gold') ?? '';
  if (!lines[2]?.includes('gold')) lines[2] = `${lines[2]} `;
  writeFileSync(file, lines.join('\n'));
  await exported.getByRole('button', { name: 'Verify' }).click();
  await expect(exported.getByRole('alert')).toContainText('Altered: raw.jsonl, line 3');
});

test('a snapshot that is made before the list has come is in it', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Slow list');
  const researcher = await pageAs(people.researcher);
  await importFile(researcher, project.slug, {
    name: 'pairs.jsonl',
    text: jsonl([{ prompt: 'Q', chosen: 'good', rejected: 'bad' }]),
  });
  // the first answer is as the server gave it, but on the way until the snapshot is there
  const [isRead, read] = openPromise();
  const [isMade, arrive] = openPromise();
  await researcher.route(
    (url) => url.pathname.includes('snapshots.list'),
    async (route) => {
      const response = await route.fetch();
      read();
      await isMade;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  await researcher.goto(`/projects/${project.slug}/exports`);
  await isRead;
  const made = researcher.waitForResponse((response) => response.url().includes('snapshots.create'));
  await researcher.getByRole('button', { name: 'Freeze a snapshot' }).click();
  await made;
  arrive();
  await expect(researcher.getByTestId('snapshot').first()).toContainText(/1\s*judgments kept/);
});

function openPromise(): [Promise<void>, () => void] {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return [promise, resolve];
}

test('a researcher sees beforehand what a query keeps, compares two snapshots, and takes one home as a zip', async ({
  world,
  pageAs,
}) => {
  test.setTimeout(180_000);
  const { project, people } = world.addProject('Queries');
  const researcher = await pageAs(people.researcher);
  const rows = Array.from({ length: 8 }, (_, n) => ({
    prompt: `Q${n}`,
    chosen: `good ${n}`,
    rejected: `bad ${n}`,
    tags: n < 3 ? ['math'] : ['poetry'],
    annotator: n % 2 === 0 ? 'rater 1' : 'rater 2',
  }));
  await importFile(researcher, project.slug, { name: 'pairs.jsonl', text: jsonl(rows) });
  await researcher.goto(`/projects/${project.slug}/exports`);
  const form = researcher.getByRole('form', { name: 'New snapshot' });
  const preview = form.getByRole('region', { name: 'Preview' });
  await expect(preview).toContainText('Keeps 8 of 8 judgments');
  await form.getByText('More conditions').click();
  await form.getByLabel('Tagged', { exact: true }).fill('math');
  await form.getByRole('textbox', { name: 'People' }).fill('rater 1');
  await expect(preview).toContainText('Keeps 2 of 8 judgments');
  await expect(preview).toContainText('by rater 1; tagged math');
  await expect(preview.locator('[data-reason="annotator"]')).toHaveText('4by somebody else');
  await expect(preview.locator('[data-reason="tags"]')).toHaveText('2ruled out by their tags');
  await look(researcher, 'snapshot-form');
  await form.getByRole('button', { name: 'Freeze a snapshot' }).click();
  const card = researcher.getByTestId('snapshot').first();
  await expect(card).toContainText(/2\s*judgments kept/);
  await expect(card).toContainText('by rater 1; tagged math');
  await form.getByRole('button', { name: 'Clear conditions' }).click();
  await expect(preview).toContainText('Keeps 8 of 8 judgments');
  await form.getByRole('button', { name: 'Freeze a snapshot' }).click();
  await expect(researcher.getByTestId('snapshot')).toHaveCount(2);

  await researcher.getByTestId('snapshot').first().getByRole('link', { name: 'Compare' }).click();
  await expect(researcher.getByText('2 judgments are in both.')).toBeVisible();
  const alone = researcher.getByTestId('only-in-2');
  await expect(alone).toContainText('6 judgments are not in snapshot 1');
  await expect(alone.locator('[data-reason="annotator"]')).toContainText('4 by somebody else');
  await expect(researcher.getByTestId('only-in-1')).toContainText('0 judgments are not in snapshot 2');
  await look(researcher, 'snapshot-compare');
  await alone.locator('[data-reason="annotator"] summary').click();
  await alone.getByRole('link', { name: /^jdg_/ }).first().click();
  await expect(researcher).toHaveURL(/\/data\/judgments\/jdg_/);

  // the auditor asks for one too, and takes it home whole
  const auditor = await pageAs(people.auditor);
  await auditor.goto(`/projects/${project.slug}/exports`);
  await auditor.getByRole('button', { name: 'Freeze a snapshot' }).click();
  const own = auditor.getByTestId('snapshot').first();
  await expect(own).toContainText('Snapshot 3');
  await own.getByLabel('Export as').selectOption('raw');
  await own.getByRole('button', { name: 'Export', exact: true }).click();
  const link = own.getByTestId('export-raw').getByRole('link', { name: 'Everything as one zip' });
  const [file] = await Promise.all([auditor.waitForEvent('download'), link.click()]);
  expect(file.suggestedFilename()).toBe(`${project.slug}-snapshot-3-raw.zip`);
  const zip = await openZip(await file.path(), { lazyEntries: true });
  const inside: string[] = [];
  for await (const entry of zip.eachEntry()) inside.push(entry.fileName);
  expect(inside.map((name) => path.basename(name)).sort()).toEqual([
    'README.md',
    'manifest.json',
    'raw.jsonl',
    'rows.sha256',
  ]);
  const href = (await link.getAttribute('href')) ?? '';
  const part = await auditor.request.get(href, { headers: { range: 'bytes=10-19' } });
  expect([
    part.status(),
    (await part.body()).equals(readFileSync(await file.path()).subarray(10, 20)),
  ]).toEqual([206, true]);
  expect((await (await pageAs(people.annotator)).request.get(href)).status()).toBe(403);
  await look(auditor, 'snapshots-auditor');
});

/** Pictures for whoever looks at the pages, wide and narrow, light and dark; only where they are asked for. */
async function look(page: Page, name: string): Promise<void> {
  const folder = process.env.PLUMBLINE_LOOK;
  if (folder === undefined) return;
  const before = page.viewportSize();
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(200);
      await page.screenshot({
        path: path.join(folder, `${name}-${width}-${colorScheme}.png`),
        fullPage: true,
      });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
}
