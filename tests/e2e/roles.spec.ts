import { expect, test } from './fixtures.ts';

test('a role without the right gets a page that says so', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Rights');
  const annotator = await pageAs(people.annotator);
  for (const path of ['data', 'data/prompts', 'data/tasks', 'exports']) {
    await annotator.goto(`/projects/${project.slug}/${path}`);
    await expect(annotator.getByTestId('no-right')).toContainText('Your role in this project is annotator');
  }
  const auditor = await pageAs(people.auditor);
  await auditor.goto(`/label/${project.slug}`);
  await expect(auditor.getByText('Your role here is auditor, which does not label')).toBeVisible();
  await auditor.goto(`/projects/${project.slug}/data`);
  await expect(auditor.getByRole('heading', { name: 'Data' })).toBeVisible();
  await expect(auditor.getByText('Import a file')).toHaveCount(0);
  await auditor.goto(`/projects/${project.slug}/exports`);
  await expect(auditor.getByText('No snapshot yet')).toBeVisible();
  await expect(auditor.getByRole('button', { name: 'Freeze a snapshot' })).toHaveCount(0);
});

test('strangers learn nothing, and nobody is let in without signing in', async ({ world, pageAs, page }) => {
  const { project } = world.addProject('Secret');
  const stranger = await pageAs(world.addUser('Stranger'));
  for (const path of [
    `/label/${project.slug}`,
    `/projects/${project.slug}/data`,
    `/projects/${project.slug}/exports`,
  ]) {
    await stranger.goto(path);
    await expect(stranger.locator('body')).not.toContainText('Secret');
    await expect(stranger.locator('body')).toContainText(
      /not found|no such|does not exist|could not be found/i,
    );
  }
  await page.goto(`/label/${project.slug}`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});

test('routes for files check rights, origin and sign-in by themselves', async ({
  world,
  pageAs,
  request,
}) => {
  const { project, people } = world.addProject('Routes');
  const upload = `/api/imports?project=${project.id}&format=prompts&name=a.txt`;
  const auditor = await pageAs(people.auditor);
  await auditor.goto(`/projects/${project.slug}`);
  const post = (url: string) =>
    auditor.evaluate(async (address) => {
      const response = await fetch(address, { method: 'POST', body: 'Say hello' });
      return { status: response.status, body: (await response.json()) as { error: { message: string } } };
    }, url);
  expect(await post(upload)).toMatchObject({
    status: 403,
    body: { error: { message: expect.stringContaining('auditor') } },
  });
  const anonymous = await request.post(upload, {
    data: 'Say hello',
    headers: { origin: 'http://localhost:1' },
  });
  expect(anonymous.status()).toBe(403);
  expect(
    (await request.get(`/api/imports/imp_none/rejects?project=${project.id}`)).status(),
  ).toBeGreaterThanOrEqual(400);
  expect(
    (await request.get(`/api/exports/exp_none/raw.jsonl?project=${project.id}`)).status(),
  ).toBeGreaterThanOrEqual(400);
});
