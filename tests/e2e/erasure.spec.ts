import { readFileSync, writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { proofSchema } from '../../server/audit/proof.ts';
import { problemOfProof } from '../../server/verify/check-proof.ts';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';
import { judgmentsOf } from './support/judgments-of.ts';
import { seriousFindings } from './support/serious-findings.ts';
import type { World } from './support/world.ts';

/** A project with one judged task. */
async function judgedProject(world: World, pageAs: (userId: string) => Promise<Page>, name: string) {
  const { project, people } = world.addProject(name);
  const prompt = `Where does ${name} live?`;
  world.addTasks(project, people.owner, [{ prompt, responses: ['first, at the harbour', 'on the hill'] }]);
  const annotator = await pageAs(people.annotator);
  const label = new LabelPage(annotator);
  await label.open(project.slug);
  await label.press(await label.keyOf('first'), 'r');
  await annotator.keyboard.type('the harbour is nearer');
  await label.press('Control+Enter');
  await label.settled();
  await annotator.close();
  const [judgment] = judgmentsOf(world, project.id);
  if (judgment === undefined) throw new Error('nothing judged');
  return { project, people, prompt, judgment, base: `/projects/${project.slug}` };
}

test('an auditor downloads the proof of a judgment, which holds', async ({ world, pageAs }, testInfo) => {
  const { people, base, judgment } = await judgedProject(world, pageAs, 'Proof');
  const page = await pageAs(people.auditor);
  await page.goto(`${base}/data/judgments/${judgment.id}`);
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download the proof' }).click();
  const file = testInfo.outputPath('proof.json');
  await (await coming).saveAs(file);
  const proof = proofSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(proof.judgment_id).toBe(judgment.id);
  expect(problemOfProof(proof, { publicKey: null })).toBeNull();
  expect(JSON.stringify(proof)).toContain('the harbour is nearer');
  writeFileSync(file, '');
});

test('an owner erases a prompt, and its page says what went with it', async ({ world, pageAs }) => {
  const { project, people, base, prompt } = await judgedProject(world, pageAs, 'Erase');
  const page = await pageAs(people.owner);
  await page.goto(`${base}/data/prompts`);
  await page
    .getByRole('link', { name: prompt })
    .or(page.getByRole('button', { name: prompt }))
    .first()
    .click();
  const { id } = world.db.$client.prepare('select id from prompts where project_id = ?').get(project.id) as {
    id: string;
  };
  await page.goto(`${base}/data/prompts/${id}`);
  const main = page.getByRole('main');
  await expect(main).toContainText(prompt);
  await page.getByRole('button', { name: 'Erase prompt' }).click();
  await page.getByLabel('Reason').fill('the person asked for it');
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Erase for good' }).click();
  const note = page.getByRole('list', { name: 'Erasures' });
  await expect(note).toContainText('the person asked for it');
  await expect(async () => {
    await page.reload();
    await expect(note).toContainText('This prompt was erased', { timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await expect(main).not.toContainText(prompt);
  await expect(main).not.toContainText('at the harbour');
  await expect(page.getByRole('button', { name: 'Erase prompt' })).toHaveCount(0);
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await seriousFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  const researcher = await pageAs(people.researcher);
  await researcher.goto(`${base}/data/prompts/${id}`);
  await expect(researcher.getByRole('list', { name: 'Erasures' })).toBeVisible();
});

test('an owner withdraws a person’s judgments and takes it back', async ({ world, pageAs }) => {
  const { people, base } = await judgedProject(world, pageAs, 'Withdraw');
  const page = await pageAs(people.owner);
  await page.goto(`${base}/members/${people.annotator}`);
  await expect(page.getByRole('heading', { name: 'If these judgments are withdrawn' })).toBeVisible();
  await page.getByLabel('Reason').fill('did not follow the guideline');
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await seriousFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  await page.getByRole('button', { name: 'Withdraw their judgments' }).click();
  await expect(page.getByText('Later snapshots leave these judgments out')).toBeVisible();
  await page.getByRole('button', { name: 'Take back' }).click();
  await expect(page.getByText('taken back')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Withdraw their judgments' })).toBeVisible();
});

test('an owner archives a project, which is read only then, and brings it back', async ({
  world,
  pageAs,
}) => {
  const { project, people, base } = await judgedProject(world, pageAs, 'Archive');
  const page = await pageAs(people.owner);
  await page.goto(`${base}/settings`);
  const archive = page.getByRole('button', { name: 'Archive the project' });
  await expect(archive).toBeDisabled();
  await page.getByLabel('Name of the project').fill(project.name);
  await archive.click();
  await expect(page.getByRole('note')).toContainText('This project is archived');
  await expect(page.getByRole('button', { name: 'Save settings' })).toHaveCount(0);
  expect(await seriousFindings(page)).toEqual([]);
  await page.goto('/');
  const archived = page.getByRole('region', { name: 'Archived' });
  await expect(archived).toContainText(project.name);
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await seriousFindings(page)).toEqual([]);
  }
  await page.getByRole('button', { name: `Bring ${project.name} back` }).click();
  await expect(archived).toHaveCount(0);
  await expect(page.getByRole('link', { name: project.name })).toBeVisible();
});
