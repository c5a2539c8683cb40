import { devices } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';
import { judgmentsOf } from './support/judgments-of.ts';

const { defaultBrowserType: _browser, ...phone } = devices['Pixel 7'];

test('labeling on a phone with taps and swipes', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Phone');
  const long = 'A long answer. '.repeat(120);
  world.addTasks(project, people.owner, [
    { prompt: 'First', responses: ['kind', long] },
    { prompt: 'Second', responses: ['alpha', 'beta', 'gamma'] },
    { prompt: 'Third', responses: ['x', 'y'] },
  ]);
  const page = await pageAs(people.annotator, { ...phone, viewport: { width: 390, height: 844 } });
  const label = new LabelPage(page);
  await label.open(project.slug);

  // the page itself does not scroll sideways; panes are equally wide and high whatever they hold
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  const [a, b] = [await label.pane('A').boundingBox(), await label.pane('B').boundingBox()];
  expect([b?.width, b?.height]).toEqual([a?.width, a?.height]);
  await expect(label.pane('B')).not.toBeInViewport({ ratio: 0.5 });
  await label.pane('B').evaluate((pane) => pane.scrollIntoView({ inline: 'center' }));
  await expect(label.pane('B')).toBeInViewport({ ratio: 0.9 });

  const kind = Number(await label.keyOf('kind')) === 1 ? 'A' : 'B';
  await label
    .pane(kind)
    .getByRole('button', { name: `${kind} is better` })
    .tap();
  await expect(label.said).toContainText(`${kind} is better`);
  await page.getByRole('button', { name: /^Submit/ }).tap();
  await expect(label.prompt).toContainText('Second');

  const order = ['beta', 'alpha', 'gamma'];
  for (const text of order) {
    const letter = String.fromCharCode(64 + Number(await label.keyOf(text)));
    await label
      .pane(letter)
      .getByRole('button', { name: `Place ${letter}` })
      .tap();
  }
  const last = String.fromCharCode(64 + Number(await label.keyOf('gamma')));
  await page.getByRole('button', { name: `Tie ${last} with the one above` }).tap();
  await page.getByRole('button', { name: /^Submit/ }).tap();
  await expect(label.prompt).toContainText('Third');
  await label.settled();
  const rows = judgmentsOf(world, project.id);
  expect(rows.map((row) => row.ranking)).toEqual([
    [['kind'], [long]],
    [['beta'], ['alpha', 'gamma']],
  ]);
  expect(rows.map((row) => row.inputKind)).toEqual(['touch', 'touch']);
});
