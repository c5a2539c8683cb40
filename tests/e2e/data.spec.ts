import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from './fixtures.ts';
import { importFile, jsonl } from './support/import-file.ts';

const pairs = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    prompt: `Pair ${n}: how many eggs?`,
    chosen: `There are ${n}.`,
    rejected: `No idea about ${n}.`,
  }));

test('an import counts every row, keeps what it cannot take, and adds nothing the second time', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Imports');
  const page = await pageAs(people.researcher);
  const bad = [
    '{"prompt": "cut off',
    JSON.stringify({ prompt: 'x', chosen: '', rejected: 'y' }),
    JSON.stringify({ text: 'z' }),
  ];
  const file = { name: 'pairs.jsonl', text: `${jsonl([...pairs(30), ...pairs(2)])}${bad.join('\n')}\n` };
  await importFile(page, project.slug, file);
  const card = page.getByTestId('import').first();
  const figure = (label: string) =>
    card.locator('dl > div').filter({ has: page.getByText(label, { exact: true }) });
  await expect(figure('read')).toContainText('35');
  await expect(figure('taken')).toContainText('30');
  await expect(figure('here already')).toContainText('2');
  await expect(figure('rejected')).toContainText('3');

  // the reasons on the page, and the rows in the download
  await card.getByRole('button', { name: 'Look at rejected rows' }).click();
  await expect(card.getByRole('table')).toContainText('{"prompt": "cut off');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    card.getByRole('link', { name: 'Download them with reasons' }).click(),
  ]);
  const rows = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { line: number; reason: string; raw: string });
  expect(rows.map((row) => [row.line, row.raw])).toEqual(bad.map((raw, index) => [33 + index, raw]));
  expect(rows.every((row) => row.reason !== '')).toBe(true);

  // the same rows again, compressed: nothing new
  await importFile(page, project.slug, {
    name: 'again.jsonl.gz',
    text: gzipSync(file.text),
    format: 'trl-preference',
    ends: 'nothing new',
  });
  await expect(figure('taken')).toContainText('0');
  await expect(figure('here already')).toContainText('32');

  await page.getByRole('navigation', { name: 'Data' }).getByRole('link', { name: 'Prompts' }).click();
  await page.getByLabel('Search in prompts').fill('pair 17:');
  await expect(
    page.getByRole('table', { name: 'Prompts' }).or(page.getByRole('table')).locator('tbody tr'),
  ).toHaveCount(1);
  await page.getByRole('button', { name: 'Pair 17: how many eggs?' }).click();
  await expect(page.getByRole('dialog')).toContainText('There are 17.');
});

test('a file larger than any buffer on the way arrives whole', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Large');
  const page = await pageAs(people.researcher);
  const rows = Array.from({ length: 130 }, (_, n) => ({ prompt: `Long ${n} ${'word '.repeat(20_000)}` }));
  const text = jsonl(rows);
  expect(text.length).toBeGreaterThan(12 * 2 ** 20);
  await importFile(page, project.slug, { name: 'large.jsonl', text, format: 'prompts' });
  await expect(page.getByTestId('import').first().locator('dl > div').first()).toContainText('130');
});

test('prompts with several responses become tasks, by themselves or in pairs', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Tasks');
  const page = await pageAs(people.researcher);
  await importFile(page, project.slug, {
    name: 'prompts.jsonl',
    text: jsonl([
      { prompt: 'Name a fruit', responses: ['apple', 'pear', 'stone'] },
      { prompt: 'Name a tree' },
    ]),
  });
  await page.getByRole('navigation', { name: 'Data' }).getByRole('link', { name: 'Tasks' }).click();
  await expect(page.getByRole('table').locator('tbody tr')).toHaveCount(1);
  await page.getByLabel('Each task shows').selectOption('pairs');
  await page.getByRole('button', { name: 'Make tasks' }).click();
  await expect(
    page.getByText('3 made, 0 were there already, 1 prompts have fewer than two responses.'),
  ).toBeVisible();
  await expect(page.getByRole('table').locator('tbody tr')).toHaveCount(4);
});

test('no file can be chosen before the page has come to life, where it would be lost', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Early');
  const page = await pageAs(people.researcher);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/_next/static/**/*.js', async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(`/projects/${project.slug}/data`, { waitUntil: 'commit' });
  const input = page.getByLabel('File', { exact: true });
  await expect(input).toBeDisabled();
  release();
  await expect(input).toBeEnabled();
  await input.setInputFiles({
    name: 'a.jsonl',
    mimeType: 'text/plain',
    buffer: Buffer.from(jsonl(pairs(2))),
  });
  await expect(page.getByLabel('Format')).toHaveValue('trl-preference');
});
