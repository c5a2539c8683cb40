import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { expect, test } from './fixtures.ts';
import { seriousFindings } from './support/serious-findings.ts';

test('the owner of the installation sees its health, makes a backup and sets a schedule; others see nothing', async ({
  world,
  pageAs,
}) => {
  const owner = world.addUser('Operator');
  world.db.update(users).set({ isInstanceOwner: true }).where(eq(users.id, owner)).run();
  const page = await pageAs(owner);
  await page.goto('/');
  await page.getByRole('link', { name: 'Installation' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Installation' })).toBeVisible();
  await expect(page.getByText(/^Worker: last heard of \d+ s ago/)).toBeVisible();
  await expect(page.getByText(/PLUMBLINE_BACKUPS names a folder on another/)).toBeVisible();

  await page.getByRole('button', { name: 'Back up now' }).click();
  await expect(page.getByRole('list', { name: 'Last backups' }).getByText('made').first()).toBeVisible({
    timeout: 60_000,
  });

  await page.getByLabel('When (cron, UTC)').fill('nightly');
  await page.getByRole('button', { name: 'Save schedule' }).click();
  await expect(page.getByText(/"nightly" is not a cron expression/)).toBeVisible();
  await page.getByLabel('Back up by schedule').check();
  await page.getByLabel('When (cron, UTC)').fill('30 2 * * *');
  await page.getByRole('button', { name: 'Save schedule' }).click();
  await expect(page.getByText(/^Next:/)).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('When (cron, UTC)')).toHaveValue('30 2 * * *');

  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.waitForTimeout(200);
    expect(await seriousFindings(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.getByLabel('Back up by schedule').uncheck();
  await page.getByRole('button', { name: 'Save schedule' }).click();
  await expect(page.getByText(/^Next:/)).toHaveCount(0);

  const stranger = await pageAs(world.addUser('Somebody'));
  const answer = await stranger.goto('/installation');
  expect(answer?.status()).toBe(404);
});
