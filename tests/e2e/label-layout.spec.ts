import { devices } from '@playwright/test';
import { addPrompt } from '../../server/tasks/add-prompt.ts';
import { addResponses } from '../../server/tasks/add-responses.ts';
import { addTask } from '../../server/tasks/add-task.ts';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';
import type { World } from './support/world.ts';

const { defaultBrowserType: _browser, ...phone } = devices['Pixel 7'];
const SIZES = [
  { name: 'desktop', options: { viewport: { width: 1440, height: 900 } } },
  { name: 'phone', options: { ...phone, viewport: { width: 390, height: 844 } } },
] as const;

type Turn = { role: 'user' | 'assistant'; content: string };
const PARAGRAPH = 'This is a paragraph of some length that was said earlier in the conversation. '.repeat(8);
const LONG = Array.from({ length: 12 }, (_, n) => `${n + 1}. ${PARAGRAPH}`).join('\n\n');

/** One task of a conversation, its answers as given. */
function addConversation(world: World, name: string, turns: Turn[], answers: string[]) {
  const { project, people } = world.addProject(name);
  const ctx = world.ctxAs(people.owner, true);
  const { promptId } = addPrompt({ ctx, input: { projectId: project.id, messages: turns } });
  const responses = answers.map((content) => ({ content, origin: 'imported' as const }));
  const responseIds = addResponses({ ctx, input: { promptId, responses } });
  addTask({ ctx, input: { projectId: project.id, promptId, responseIds, overlap: 1, priority: 0 } });
  return { project, people };
}

for (const { name, options } of SIZES) {
  test(`a long conversation opens at its question, ${name}`, async ({ world, pageAs }) => {
    const turns: Turn[] = [
      { role: 'user', content: LONG },
      { role: 'assistant', content: LONG },
      { role: 'user', content: 'And which of the two is the very question?' },
    ];
    const { project, people } = addConversation(world, 'Turns', turns, [LONG, `${LONG} B`]);
    const page = await pageAs(people.annotator, options);
    const label = new LabelPage(page);
    await label.open(project.slug);
    const question = label.prompt.getByText('And which of the two is the very question?');
    await expect(question).toBeInViewport({ ratio: 1 });
    const box = await label.prompt.boundingBox();
    expect(box?.height ?? 0).toBeGreaterThanOrEqual(options.viewport.height * 0.26 - 4);
    const above = page.getByRole('button', { name: '2 earlier turns above' });
    const before = await label.prompt.evaluate((element) => element.scrollTop);
    await above.click();
    expect(await label.prompt.evaluate((element) => element.scrollTop)).toBeLessThan(before);
    await expect(page.getByRole('button', { name: 'More below' })).toBeVisible();
    // all the way up the cue goes, and there is nothing left above it
    const cue = page.getByRole('button', { name: /above$/ });
    await expect(async () => {
      if (await cue.isVisible()) await cue.click({ timeout: 500 });
      expect(await label.prompt.evaluate((element) => element.scrollTop)).toBeLessThan(8);
    }).toPass({ timeout: 30_000, intervals: [20] });
    await expect(cue).toBeHidden();
    // long texts leave the answers their room too
    const pane = await label.pane('A').boundingBox();
    expect(pane?.height ?? 0).toBeGreaterThan(200);
  });

  test(`the prompt takes the room that short answers leave, ${name}`, async ({ world, pageAs }) => {
    // more than the box has at least, less than the window has in all
    const earlier = PARAGRAPH.slice(0, options.viewport.width === 390 ? 160 : 600);
    const turns: Turn[] = [
      { role: 'user', content: earlier },
      { role: 'assistant', content: earlier },
      { role: 'user', content: 'Is all of this to be seen?' },
    ];
    const { project, people } = addConversation(world, 'Room', turns, ['Yes.', 'No.']);
    const page = await pageAs(people.annotator, options);
    const label = new LabelPage(page);
    await label.open(project.slug);
    const { hidden, height } = await label.prompt.evaluate((element) => ({
      hidden: element.scrollHeight - element.clientHeight,
      height: element.clientHeight,
    }));
    expect(hidden).toBeLessThanOrEqual(1);
    expect(height).toBeGreaterThan(options.viewport.height * 0.26);
    await expect(page.getByRole('button', { name: /above$|below$/ })).toHaveCount(0);
    await expect(label.prompt.getByText('Is all of this to be seen?')).toBeInViewport({ ratio: 1 });
    for (const letter of ['A', 'B']) {
      const text = label.pane(letter).getByText(/^(Yes|No)\.$/);
      const scroller = await text.evaluate((element) => {
        const box = element.closest('[data-tall]') as HTMLElement;
        return box.scrollHeight - box.clientHeight;
      });
      expect(scroller).toBeLessThanOrEqual(1);
    }
    // and nothing is pushed out of the window
    await expect(page.getByRole('button', { name: /^Submit/ })).toBeInViewport({ ratio: 1 });
  });
}

test('texts from right to left stand on the right, beside others that do not', async ({ world, pageAs }) => {
  const turns: Turn[] = [{ role: 'user', content: 'ما هي عاصمة مصر؟' }];
  const { project, people } = addConversation(world, 'مشروع', turns, ['القاهرة\n\n- نعم', 'Cairo']);
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  const side = (text: string) =>
    page.getByText(text, { exact: true }).evaluate((element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      const glyphs = range.getBoundingClientRect();
      const box = (element.closest('[dir]') as HTMLElement).getBoundingClientRect();
      return glyphs.left - box.left > box.right - glyphs.right ? 'right' : 'left';
    });
  expect(await side('ما هي عاصمة مصر؟')).toBe('right');
  expect(await side('القاهرة')).toBe('right');
  expect(await side('Cairo')).toBe('left');
});

test('under a finger nothing speaks of keys, and what is to be touched is large enough', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Fingers', { requireRationale: true });
  world.addTasks(project, people.owner, [
    { prompt: 'Pair', responses: ['one', 'two'] },
    { prompt: 'Ranking', responses: ['one', 'two', 'three'] },
  ]);
  const page = await pageAs(people.annotator, SIZES[1].options);
  const label = new LabelPage(page);
  await label.open(project.slug);
  const check = async () => {
    await expect(page.locator('kbd:visible')).toHaveCount(0);
    const words = await page.evaluate(() => {
      const placeholders = [...document.querySelectorAll('[placeholder], [title]')].map(
        (element) => `${element.getAttribute('placeholder')} ${element.getAttribute('title')}`,
      );
      // biome-ignore lint/performance/useDomNodeTextContent: only what is seen counts
      return `${document.body.innerText} ${placeholders.join(' ')}`;
    });
    expect(words).not.toMatch(/\bkeys?\b|press [A-Z0-9]|\([A-Z?]\)/i);
    const small = await page.getByRole('main').evaluate((main) =>
      [...main.querySelectorAll('button, a[href], label:has(input)')].flatMap((element) => {
        const { width, height } = element.getBoundingClientRect();
        const isSeen = width > 0 && height > 0;
        return isSeen && (width < 43.5 || height < 43.5) ? [`${element.outerHTML.slice(0, 80)}`] : [];
      }),
    );
    expect(small).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  };
  await check();
  // dots say which answer is seen, and lead to the others
  const dots = page.getByTestId('dots').getByRole('button');
  await expect(dots).toHaveCount(2);
  await expect(dots.nth(0)).toHaveAttribute('aria-current', 'true');
  await dots.nth(1).tap();
  await expect(label.pane('B')).toBeInViewport({ ratio: 0.9 });
  await expect(dots.nth(1)).toHaveAttribute('aria-current', 'true');
  await label.pane('B').getByRole('button', { name: 'B is better' }).tap();
  await page.getByRole('button', { name: /^Submit/ }).tap();
  await expect(label.said.getByRole('alert')).toContainText('asks for a reason');
  await check();
  await label.reason.fill('because');
  await page.getByRole('button', { name: /^Submit/ }).tap();
  await expect(label.prompt).toContainText('Ranking');
  await expect(dots).toHaveCount(3);
  await check();
});

test('a ranking of long texts on a phone scrolls between prompt and footer', async ({ world, pageAs }) => {
  const turns: Turn[] = [{ role: 'user', content: LONG }];
  const answers = ['one', 'two', 'three', 'four'].map((word) => `${word} ${LONG}`);
  const { project, people } = addConversation(world, 'Long ranking', turns, answers);
  const page = await pageAs(people.annotator, SIZES[1].options);
  const label = new LabelPage(page);
  await label.open(project.slug);
  const place = page.getByRole('button', { name: 'Place D next' });
  await place.scrollIntoViewIfNeeded();
  // a tap is refused where something else lies above what is to be tapped
  await place.tap();
  await expect(label.said).toContainText('Best first: D.');
  await page.getByRole('button', { name: 'Take D out' }).tap();
  await expect(label.said).toContainText('Nothing chosen yet');
  await expect(page.getByRole('button', { name: /^Submit/ })).toBeInViewport({ ratio: 1 });
});
