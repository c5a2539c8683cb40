import { runMetrics, runs } from '../../db/schema/runs.ts';
import { newId } from '../../lib/new-id.ts';
import type { Project } from '../../server/projects/create.ts';
import { expect, test } from './fixtures.ts';
import type { World } from './support/world.ts';

/** A reward run that is done, with some curves. */
function addDoneRun(
  world: World,
  project: Project,
  createdBy: string,
  name: string,
  accuracy: number,
): string {
  const id = newId('run');
  world.db
    .insert(runs)
    .values({
      ...{ id, projectId: project.id, recipe: 'reward', name, status: 'succeeded', folder: `runs/${id}` },
      ...{
        config: { epochs: Math.round(accuracy * 10) },
        step: 30,
        totalSteps: 30,
        createdBy,
        createdAt: Date.now(),
      },
      summary: {
        heldOutAccuracy: accuracy,
        low: accuracy - 0.05,
        high: accuracy + 0.05,
        pairs: 200,
        longerWins: 0.5,
      },
      headline: accuracy,
      ...{ startedAt: Date.now() - 60_000, finishedAt: Date.now() },
    })
    .run();
  world.db.transaction(() => {
    for (let step = 1; step <= 30; step++)
      for (const [metric, value] of [
        ['loss', 1 / step],
        ['num_tokens', step * 100],
        ['time/wall', 2],
      ] as const)
        world.db.insert(runMetrics).values({ runId: id, step, name: metric, value }).run();
  });
  return id;
}

test('a researcher names, tags, finds and compares runs, and takes the numbers home', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Many runs');
  const base = `/projects/${project.slug}/runs`;
  const first = addDoneRun(world, project, people.owner, 'plain', 0.6);
  addDoneRun(world, project, people.owner, 'other', 0.8);
  const page = await pageAs(people.researcher);
  await page.goto(`${base}/${first}`);
  await expect(page.getByRole('region', { name: 'Held-out accuracy' })).toContainText('60.0 %');
  await page.getByRole('button', { name: 'Name and notes' }).click();
  await page.getByLabel('Name', { exact: true }).fill('with fewer epochs');
  await page.getByLabel('Tags', { exact: true }).fill('sweep, small');
  await page.getByLabel('Notes', { exact: true }).fill('Half as many epochs.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('with fewer epochs');
  await expect(page.getByText('Half as many epochs.')).toBeVisible();

  // curves along another axis, smoothed
  const chart = page.getByRole('img', { name: /^Loss by step/ });
  await expect(chart).toBeVisible();
  await page.getByLabel('Horizontal axis').selectOption('tokens');
  await expect(page.getByRole('img', { name: /^Loss by tokens/ })).toBeVisible();
  await page.getByLabel('Smoothing').fill('0.9');
  await page.getByLabel('Logarithmic').check();
  await page.getByRole('button', { name: 'Table of Loss' }).click();
  const table = page.getByRole('region', { name: 'Loss, by tokens' });
  await expect(table.getByRole('row').nth(1)).toContainText('3,000');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Metrics as CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`${first}-metrics.csv`);
  await page.getByRole('tab', { name: 'Config' }).click();
  await expect(page).toHaveURL(/tab=config/);
  await expect(page.getByText('epochs: 6')).toBeVisible();

  // found by its tag and its notes, ordered by its result
  await page.goto(base);
  const rows = page.getByRole('region', { name: 'Runs' }).getByRole('row');
  await page.getByLabel('Search runs').fill('half EPOCHS');
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText('with fewer epochs');
  await page.getByLabel('Search runs').fill('');
  await page.getByLabel('Order').selectOption('Lowest result first');
  await expect(rows.nth(1)).toContainText('with fewer epochs');
  await page.getByLabel('Order').selectOption('Highest result first');
  await expect(rows.nth(1)).toContainText('other');

  for (const name of ['other', 'with fewer epochs']) await page.getByLabel(`Compare ${name}`).check();
  await page.getByRole('link', { name: 'Compare', exact: true }).click();
  const results = page.getByRole('region', { name: 'Results' });
  await expect(results).toContainText('−20.0 %');
  await expect(page.getByRole('region', { name: 'Differences in config' })).toContainText('epochs');
  await expect(page.getByRole('img', { name: /^Loss by step.*other.*with fewer epochs/ })).toBeVisible();
});

test('an auditor reads runs and changes nothing; the overview draws what they are made of', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Drawn');
  addDoneRun(world, project, people.owner, 'the reward run', 0.7);
  const auditor = await pageAs(people.auditor);
  await auditor.goto(`/projects/${project.slug}`);
  await expect(auditor.getByRole('heading', { name: 'Newest reward model' })).toBeVisible();
  const drawing = auditor.getByRole('region', { name: 'Drawing of the pipeline' });
  await drawing.getByRole('button', { name: /^Data/ }).click();
  await expect(auditor.getByRole('link', { name: 'Open the data' })).toBeVisible();
  await drawing.getByRole('button', { name: /the reward run/ }).click();
  await auditor.getByRole('link', { name: 'Open the run' }).click();
  await expect(auditor.getByRole('heading', { level: 1 })).toHaveText('the reward run');
  await expect(auditor.getByRole('button', { name: 'Name and notes' })).toHaveCount(0);
});

test('colours are chosen, at once and for the next page', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Colours');
  const page = await pageAs(people.annotator, { colorScheme: 'light' });
  await page.goto(`/projects/${project.slug}/guideline`);
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  const response = await page.reload();
  // from the server: nothing flashes
  expect(await response?.text()).toContain('data-theme="dark"');
  expect(await background()).toBe(dark);
  await page.getByRole('button', { name: 'As the system has it' }).click();
  await expect.poll(background).toBe(light);
});
