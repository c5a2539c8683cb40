import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { createResetLink } from '../../server/users/create-reset-link.ts';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';

/** axe's serious and critical findings of what is on the screen, in both colour schemes. */
async function findings(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // two frames: colours of the other scheme must be gone before they are measured
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    await page.waitForTimeout(150);
    const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] });
    // names, roles and order are the same in the dark: only colours are looked at again
    if (colorScheme === 'dark') axe.withRules(['color-contrast']);
    const { violations } = await axe.analyze();
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      const where = nodes
        .map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`)
        .join('\n  ');
      found.push(`${colorScheme} ${page.url()} ${id} (${impact})\n  ${where}`);
    }
  }
  return found;
}

test('axe finds nothing serious on any page, light and dark', async ({ world, pageAs, page }) => {
  test.setTimeout(360_000);
  const { project, people } = world.addProject('Axe');
  world.addTasks(project, people.owner, [
    { prompt: 'One', responses: ['**a**\n\n- b', '| a |\n|-|\n| 1 |'] },
  ]);
  await page.goto('/sign-in');
  const found = await findings(page);
  const link = { userId: people.annotator, endsSecondFactor: false };
  const { token } = createResetLink({ ctx: world.ctxAs(people.owner, true), input: link });
  for (const [path, title] of [
    [`/reset/${token}`, 'A new password for Axe annotator'],
    ['/reset/worthless', 'This link does not work'],
  ] as const) {
    await page.goto(path);
    await expect(page.getByRole('heading', { name: title })).toBeVisible();
    found.push(...(await findings(page)));
  }
  const owner = await pageAs(people.owner);
  const base = `/projects/${project.slug}`;
  const paths = [
    '/',
    '/account',
    '/no-such-page',
    base,
    `${base}/members`,
    `${base}/settings`,
    `${base}/guideline`,
    `${base}/audit`,
    `${base}/data`,
    `${base}/data/prompts`,
    `${base}/data/tasks`,
    `${base}/data/judgments`,
    `${base}/exports`,
    `${base}/exports/compare`,
    `${base}/runs`,
    `${base}/runs/new`,
    `${base}/runs/metrics`,
    `${base}/runs/compare`,
    `${base}/models`,
    `${base}/models/try`,
    `${base}/schedules`,
  ];
  for (const path of paths) {
    const response = await owner.goto(path);
    expect(response?.status(), path).toBe(path === '/no-such-page' ? 404 : 200);
    await expect(owner.getByRole('heading', { level: 1 })).toBeAttached();
    await expect(owner.getByText(/^Loading/)).toHaveCount(0);
    found.push(...(await findings(owner)));
  }
  expect(found).toEqual([]);
});

test('axe finds nothing serious on the label page, its dialogs and a narrow screen', async ({
  world,
  pageAs,
}) => {
  test.setTimeout(360_000);
  const { project, people } = world.addProject('Axe label');
  world.addTasks(project, people.owner, [
    { prompt: 'A pair', responses: ['**bold** and `code`', '> quote\n\n1. one'] },
    { prompt: 'A ranking', responses: ['alpha', 'beta', 'gamma', 'delta'] },
  ]);
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  const found = await findings(page);
  await label.press('1');
  found.push(...(await findings(page)));
  for (const key of ['f', '?', 'g', 'm', 's']) {
    await label.press(key);
    await expect(page.getByRole('dialog')).toBeVisible();
    found.push(...(await findings(page)));
    await label.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  await label.submit();
  await label.press('2', '1', 't');
  found.push(...(await findings(page)));
  await page.setViewportSize({ width: 390, height: 844 });
  found.push(...(await findings(page)));
  await label.press('3', '4');
  await label.submit();
  await expect(page.getByTestId('all-done')).toBeVisible();
  found.push(...(await findings(page)));
  expect(found).toEqual([]);
});
