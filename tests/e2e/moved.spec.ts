import { expect, test } from './fixtures.ts';

test('addresses from before pages lay below their project still lead there', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Moved');
  const runId = world.addRun(project, people.researcher);
  const page = await pageAs(people.researcher);
  const base = `/projects/${project.slug}`;
  const query = `?project=${project.slug}`;
  for (const [before, now] of [
    [`/runs${query}`, `${base}/runs`],
    [`/runs/new${query}&recipe=sft`, `${base}/runs/new?recipe=sft`],
    [`/runs/metrics${query}#ppo-kl`, `${base}/runs/metrics#ppo-kl`],
    ['/runs/metrics', `${base}/runs/metrics`],
    [`/runs/${runId}`, `${base}/runs/${runId}`],
    [`/runs/${runId}?project=another`, `${base}/runs/${runId}`],
    [`/models${query}#mdl_1`, `${base}/models#mdl_1`],
    [`/schedules${query}`, `${base}/schedules`],
    ['/runs', '/'],
    ['/models', '/'],
  ] as const) {
    await page.goto(before);
    await expect(page, before).toHaveURL(now);
    await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
  }
  for (const unknown of ['/runs/run_none', `/runs/${runId}/more`, '/models/none'])
    expect((await page.goto(unknown))?.status(), unknown).toBe(404);
  // the run of another project is not shown below this one
  const other = world.addProject('Elsewhere');
  await page.goto(`/projects/${project.slug}/runs/${world.addRun(other.project, other.people.owner)}`);
  await expect(page.getByRole('heading', { name: 'Not found' })).toBeAttached();
  const stranger = await pageAs(other.people.owner);
  expect((await stranger.goto(`/runs/${runId}`))?.status()).toBe(404);
});
