import { readFileSync } from 'node:fs';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';
import { judgmentsOf } from './support/judgments-of.ts';
import { seriousFindings } from './support/serious-findings.ts';

test('researchers and auditors reach any judgment in three clicks, and from it all that it touches', async ({
  world,
  pageAs,
}) => {
  test.setTimeout(180_000);
  const { project, people } = world.addProject('Details');
  world.addTasks(project, people.owner, [
    { prompt: 'Which of the two?', responses: ['the first one', 'the other one'] },
  ]);
  const annotator = await pageAs(people.annotator);
  const label = new LabelPage(annotator);
  await label.open(project.slug);
  await label.press(await label.keyOf('first'), 'r');
  await annotator.keyboard.type('it came first');
  await label.press('Control+Enter');
  await label.settled();
  const [judgment] = judgmentsOf(world, project.id);
  if (judgment === undefined) throw new Error('nothing judged');
  const base = `/projects/${project.slug}`;

  const found: string[] = [];
  for (const role of ['researcher', 'auditor'] as const) {
    const page = await pageAs(people[role]);
    await page.goto(base);
    await page.getByRole('link', { name: 'Data', exact: true }).click();
    await page.getByRole('link', { name: 'Judgments', exact: true }).click();
    await page.getByRole('link', { name: 'Which of the two?' }).click();
    await expect(page).toHaveURL(new RegExp(`/data/judgments/${judgment.id}$`));
    const main = page.getByRole('main');
    await expect(main).toContainText('it came first');
    await expect(page.getByRole('heading', { name: /^Judgment: [AB] better$/ })).toBeVisible();
    const shown = page.getByRole('list', { name: 'Responses as shown' }).getByRole('listitem');
    await expect(shown.nth(0)).toContainText(judgment.shown[0] ?? '');
    await expect(shown.nth(1)).toContainText(judgment.shown[1] ?? '');
    if (role === 'auditor') await expect(main).toContainText(judgment.eventHash);
    else await expect(main).not.toContainText('Audit records');
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      found.push(...(await seriousFindings(page)));
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    // to its task, on to the prompt, and to the person
    // its record in the log names it once more
    await page.getByRole('link', { name: judgment.taskId }).first().click();
    await expect(main).toContainText('judged by');
    found.push(...(await seriousFindings(page)));
    await page.getByRole('link', { name: /^prm_/ }).click();
    await expect(page.getByRole('heading', { name: 'Prompt', exact: true })).toBeVisible();
    await expect(main).toContainText('the other one');
    found.push(...(await seriousFindings(page)));
    await page.goto(`${base}/members/${people.annotator}`);
    await expect(main).toContainText('nobody else decided the same pairs');
    await expect(main).not.toContainText('Details annotator');
    await expect(page.getByRole('link', { name: 'Which of the two?' })).toBeVisible();
    found.push(...(await seriousFindings(page)));
  }
  expect(found).toEqual([]);

  for (const path of [`/data/judgments/${judgment.id}`, `/data/tasks/${judgment.taskId}`]) {
    await annotator.goto(`${base}${path}`);
    await expect(annotator.getByRole('main')).not.toContainText('the other one');
  }
  const owner = await pageAs(people.owner);
  for (const path of [
    '/data/judgments/jdg_unknown',
    '/runs/run_unknown',
    `/data/prompts/${judgment.taskId}`,
  ]) {
    const answer = await owner.goto(`${base}${path}`);
    expect(answer?.status(), path).toBe(404);
    await expect(owner.getByText('This page could not be found')).toBeVisible();
  }
  // an id alone leads to the place: a response is on its prompt's page
  await owner.goto(`${base}/data/judgments/${judgment.id}`);
  await owner.getByRole('link', { name: /^rsp_/ }).first().click();
  await expect(owner).toHaveURL(/\/data\/prompts\/prm_\w+#rsp_\w+$/);
  // who may not look is told the same, whether there is such a thing or not
  for (const id of [judgment.id, 'jdg_unknown'])
    expect((await annotator.goto(`${base}/data/judgments/${id}`))?.status()).toBe(200);
});

test('the audit log is searched and downloaded, and own looks can be hidden', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Search');
  world.addTasks(project, people.owner, [{ prompt: 'One', responses: ['a', 'b'] }]);
  const label = new LabelPage(await pageAs(people.annotator));
  await label.open(project.slug);
  await label.press('t');
  await label.submit();
  await label.settled();
  const [judgment] = judgmentsOf(world, project.id);
  const page = await pageAs(people.auditor);
  await page.goto(`/projects/${project.slug}/data/judgments`);
  await expect(page.getByRole('link', { name: 'One' })).toBeVisible();
  await page.goto(`/projects/${project.slug}/audit`);
  const table = page.getByRole('table');
  await expect(table).toContainText('audit.read');
  await page.getByLabel('Hide that I looked').check();
  await expect(table).not.toContainText('audit.read');
  // the days stand apart on a narrow screen too
  await page.setViewportSize({ width: 1200, height: 800 });
  const [from, to] = await Promise.all(
    ['From', 'To'].map((name) => page.getByLabel(name, { exact: true }).boundingBox()),
  );
  expect((to?.x ?? 0) - (from?.x ?? 0) - (from?.width ?? 0)).toBeGreaterThan(8);
  const search = page.getByRole('searchbox', { name: 'Search' });
  await search.fill(judgment?.eventHash.slice(0, 16) ?? '');
  await expect(table.getByRole('row')).toHaveCount(2);
  await expect(table).toContainText('judgments.record');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download JSON lines' }).click(),
  ]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { hash: string }).hash)).toEqual([judgment?.eventHash]);
  await search.fill('no such thing');
  await expect(page.getByText('No record matches')).toBeVisible();
});
