import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';

const HOSTILE = [
  '<script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked = 2">',
  '![pixel](https://evil.example/pixel.png)',
  '[click me](javascript:window.hacked=3)',
  '<svg onload="window.hacked = 4"><style>body{display:none}</style>',
  '<iframe src="https://evil.example"></iframe>',
  '[your bank](https://evil.example/login)',
].join('\n\n');

test('hostile prompts and responses stay text, load nothing and lead nowhere', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('<img src=x onerror="window.hacked = 9">');
  world.addTasks(project, people.owner, [
    { prompt: `Prompt ${HOSTILE}`, responses: [`One ${HOSTILE}`, `Two ${HOSTILE}`] },
  ]);
  const page = await pageAs(people.researcher);
  page.on('dialog', () => {
    throw new Error('a dialog opened');
  });
  const isUnharmed = async () => {
    expect(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked)).toBeUndefined();
    expect(
      await page
        .locator('main :is(img, iframe, script, svg style, a[href*="evil"], a[href^="javascript"])')
        .count(),
    ).toBe(0);
  };
  const label = new LabelPage(page);
  await label.open(project.slug);
  await expect(label.pane('A')).toContainText('<script>window.hacked = 1</script>');
  await expect(label.pane('B')).toContainText('https://evil.example/pixel.png');
  await expect(label.prompt).toContainText('<iframe src="https://evil.example"></iframe>');
  await expect(label.pane('A')).toContainText('https://evil.example/login');
  await isUnharmed();

  await page.goto(`/projects/${project.slug}/data/prompts`);
  await page.getByRole('button', { name: /Prompt <script>/ }).click();
  await expect(page.getByRole('dialog')).toContainText('<svg onload="window.hacked = 4">');
  await isUnharmed();
  await page.goto(`/projects/${project.slug}/data/tasks`);
  await expect(page.getByRole('table')).toContainText('<script>');
  await isUnharmed();
  await page.goto(`/projects/${project.slug}`);
  await isUnharmed();
});
