import { eq } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';
import { judgmentsOf } from './support/judgments-of.ts';
import type { Question } from './support/world.ts';

const sums = (count: number): Question[] =>
  Array.from({ length: count }, (_, n) => ({
    prompt: `What is ${n + 1} plus ${n + 1}?`,
    responses: [`right: ${2 * n + 2}`, `wrong: ${2 * n + 3}`],
  }));

test('a pair, judged with keys only, arrives as it was meant', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Keys');
  world.addTasks(project, people.owner, sums(4));
  const label = new LabelPage(await pageAs(people.annotator));
  await label.open(project.slug);

  // 1: pressed again much better, flags on the other one, a reason with letters and digits that are commands elsewhere
  const right = await label.keyOf('right');
  const wrong = right === '1' ? '2' : '1';
  await label.press(right, right);
  await label.press('f');
  await expect(label.page.getByTestId('flags-dialog')).toContainText('Flags of response');
  if (
    (await label.page.getByTestId('flags-dialog').getByRole('heading').textContent())?.at(-1) !==
    (wrong === '1' ? 'A' : 'B')
  )
    await label.press('ArrowRight');
  await label.press('2', '6', 'f');
  await label.press('r');
  await label.page.keyboard.type('t0s12? it adds up');
  await label.press('Escape');
  await label.submit();
  // 2: tie, both good; 3: both bad; 4: not rankable
  await label.press('t', 't');
  await expect(label.said).toHaveText('Both good, a tie.');
  await label.submit();
  await label.press('0');
  await label.submit();
  await label.press('n');
  await label.submit();
  await expect(label.page.getByTestId('all-done')).toBeVisible();
  await label.settled();
  // keys also work where no task is left
  await label.press('m');
  await expect(label.page.getByRole('dialog').getByRole('button', { name: /plus/ })).toHaveCount(4);

  const rows = judgmentsOf(world, project.id);
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatchObject({
    ranking: [['right: 2'], ['wrong: 3']],
    strength: right === '1' ? -3 : 3,
    tieKind: 'none',
    rationale: 't0s12? it adds up',
    flags: { 'wrong: 3': ['spam', 'untrue'] },
    inputKind: 'keyboard',
    revision: 1,
    source: 'annotator',
  });
  expect(rows[0]?.shown[Number(right) - 1]).toBe('right: 2');
  expect(rows[0]?.firstInteractionAt).toBeGreaterThanOrEqual(rows[0]?.leasedAt ?? Number.POSITIVE_INFINITY);
  expect(rows.slice(1).map((row) => [row.tieKind, row.notRankable, row.strength])).toEqual([
    ['both_good', false, 0],
    ['both_bad', false, 0],
    ['none', true, null],
  ]);
});

test('the next task shows within 100 ms of Enter', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Speed');
  world.addTasks(project, people.owner, sums(8));
  const label = new LabelPage(await pageAs(people.annotator));
  await label.open(project.slug);
  const times: number[] = [];
  for (let n = 0; n < 6; n += 1) {
    await label.press('t');
    // a reader takes longer than the prefetch; without this the test would outrun any network
    await label.page.waitForTimeout(400);
    // measured in the page: from the key to the first frame with another prompt
    await label.page.evaluate(() => {
      const prompt = () => document.querySelector('[data-testid=prompt]')?.textContent;
      const before = prompt();
      const state = window as unknown as { shownAfter: Promise<number> };
      state.shownAfter = new Promise((resolve) => {
        const press = (event: KeyboardEvent) => {
          const look = () => {
            const now = prompt();
            if (now !== before && now !== undefined) resolve(performance.now() - event.timeStamp);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        };
        window.addEventListener('keydown', press, { capture: true, once: true });
      });
    });
    await label.press('Enter');
    times.push(
      await label.page.evaluate(() => (window as unknown as { shownAfter: Promise<number> }).shownAfter),
    );
  }
  times.sort((a, b) => a - b);
  test
    .info()
    .annotations.push({ type: 'next task, ms', description: times.map((ms) => ms.toFixed(0)).join(' ') });
  expect(times[Math.floor(times.length / 2)]).toBeLessThan(100);
});

test('a ranking with ties by keys, by keyboard drag and by mouse drag', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Ranking');
  const answers = ['apple', 'banana', 'cherry', 'damson'];
  world.addTasks(project, people.owner, [
    { prompt: 'Rank one', responses: answers },
    { prompt: 'Rank two', responses: answers },
    { prompt: 'Rank three', responses: answers },
  ]);
  const label = new LabelPage(await pageAs(people.annotator));
  await label.open(project.slug);
  const place = async () => {
    for (const text of answers) await label.press(await label.keyOf(text));
  };
  const handle = async (text: string) => {
    const letter = String.fromCharCode(64 + Number(await label.keyOf(text)));
    return label.page.getByRole('button', { name: new RegExp(`^Move response ${letter}, place`) });
  };

  // Enter too early says what is missing and sends nothing
  await label.press(await label.keyOf('apple'), 'Enter');
  await expect(label.said.getByRole('alert')).toContainText('Place');
  // cherry = banana: the last placed is tied with the one above, then damson goes up past both
  for (const text of ['banana', 'cherry']) await label.press(await label.keyOf(text));
  await label.press('t');
  await label.press(await label.keyOf('damson'), 'ArrowUp');
  await label.submit();

  // dnd-kit's keyboard sensor: lift damson, two up, drop; the page's own arrows keep out of it
  await place();
  await (await handle('damson')).focus();
  await label.press('Space');
  await label.page.waitForTimeout(200);
  await label.press('ArrowUp');
  await label.page.waitForTimeout(200);
  await label.press('ArrowUp');
  await label.page.waitForTimeout(200);
  await label.press('Space');
  await expect(
    label.page.getByRole('list', { name: 'Ranking, best first' }).locator('li').nth(1),
  ).toContainText(String.fromCharCode(64 + Number(await label.keyOf('damson'))));
  await label.page.locator('body').click({ position: { x: 5, y: 5 } });
  await label.submit();

  // mouse: apple from the first to the last place
  await place();
  const from = await (await handle('apple')).boundingBox();
  const to = await (await handle('damson')).boundingBox();
  if (from === null || to === null) throw new Error('no handles');
  await label.page.mouse.move(from.x + 8, from.y + 8);
  await label.page.mouse.down();
  await label.page.mouse.move(from.x + 8, from.y + 40, { steps: 4 });
  await label.page.mouse.move(to.x + 8, to.y + 20, { steps: 8 });
  await label.page.mouse.up();
  await expect(label.said).toContainText('Best first');
  await label.page.locator('body').click({ position: { x: 5, y: 5 } });
  await label.submit();
  await label.settled();

  const rows = judgmentsOf(world, project.id);
  expect(rows.map((row) => row.ranking.map((group) => [...group].sort().join('=')).join('>'))).toEqual([
    'apple>damson>banana=cherry',
    'apple>damson>banana>cherry',
    'banana>cherry>damson>apple',
  ]);
  expect(rows.map((row) => row.inputKind)).toEqual(['keyboard', 'keyboard', 'mixed']);
});

test('undo corrects the last answer as a new revision, and the list opens older ones', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Corrections');
  world.addTasks(project, people.owner, sums(4));
  const label = new LabelPage(await pageAs(people.annotator));
  await label.open(project.slug);
  await label.press(await label.keyOf('wrong'));
  await label.submit();
  await label.press(await label.keyOf('right'));
  await label.submit();
  await label.settled();
  const third = await label.prompt.textContent();

  await label.press('u');
  await expect(label.page.getByTestId('editing-bar')).toBeVisible();
  await expect(label.prompt).toContainText('2 plus 2');
  await label.press('t');
  await label.press('Enter');
  // back to where one was
  await expect(label.prompt).toHaveText(third ?? '');
  await label.settled();

  await label.press('m');
  await label.page
    .getByRole('dialog')
    .getByRole('button', { name: /1 plus 1/ })
    .click();
  await expect(label.page.getByTestId('editing-bar')).toBeVisible();
  await expect(label.said).toContainText(/ is better than /);
  await label.press(await label.keyOf('right'));
  await label.press('Enter');
  await expect(label.prompt).toHaveText(third ?? '');
  await label.settled();

  const rows = judgmentsOf(world, project.id).map((row) => [
    row.revision,
    row.ranking.map((group) => group.length),
    row.ranking[0]?.[0]?.split(':')[0],
  ]);
  expect(rows).toEqual([
    [1, [1, 1], 'wrong'],
    [1, [1, 1], 'right'],
    [2, [2], expect.anything()],
    [2, [1, 1], 'right'],
  ]);
});

test('a draft survives a reload; keys do nothing while typing; Ctrl+Enter sends', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Draft');
  world.addTasks(project, people.owner, sums(3));
  const label = new LabelPage(await pageAs(people.annotator));
  await label.open(project.slug);
  const right = await label.keyOf('right');
  const prompt = await label.prompt.textContent();
  await label.press(right, 'r');
  await label.page.keyboard.type('half a thought, s 2 n u');
  await label.press('Enter');
  await label.page.keyboard.type('second line');
  await label.page.reload();
  await expect(label.prompt).toHaveText(prompt ?? '');
  await expect(label.reason).toHaveValue('half a thought, s 2 n u\nsecond line');
  await expect(label.said).toContainText(/ is better than /);
  await label.press('r');
  await label.press('Control+Enter');
  await expect(label.prompt).not.toHaveText(prompt ?? '');
  await label.settled();
  expect(judgmentsOf(world, project.id)).toMatchObject([
    {
      ranking: [['right: 2'], ['wrong: 3']],
      rationale: 'half a thought, s 2 n u\nsecond line',
      shown: expect.anything(),
    },
  ]);
});

test('a skipped task goes to others and does not come back', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Skips');
  world.addTasks(project, people.owner, sums(2));
  const label = new LabelPage(await pageAs(people.annotator));
  await label.open(project.slug);
  await label.press('s');
  await label.page.getByRole('dialog').getByLabel('Why (optional)').fill('cannot tell');
  await label.press('Enter');
  await expect(label.prompt).toContainText('2 plus 2');
  await label.press('t');
  await label.submit();
  await expect(label.page.getByTestId('all-done')).toBeVisible();
  const other = new LabelPage(await pageAs(people.researcher));
  await other.open(project.slug);
  await expect(other.prompt).toContainText('1 plus 1');
});

test('an expired lease is taken back by itself; a seat that passed on keeps the text on the screen', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Leases');
  world.addTasks(project, people.owner, sums(3));
  const label = new LabelPage(await pageAs(people.annotator));
  await label.open(project.slug);
  const mine = () => eq(seats.annotatorId, people.annotator);
  const past = Date.now() - 1000;
  // the task ahead is claimed too, so that both leases run out
  await expect(label.page.getByTestId('progress')).toHaveAttribute('data-held', '2');

  await label.press(await label.keyOf('right'));
  world.db.update(seats).set({ leaseExpiresAt: past }).where(mine()).run();
  await label.submit();
  await label.settled();
  expect(judgmentsOf(world, project.id)).toHaveLength(1);

  // the next seat is lost while its answer is being written, and somebody else takes it
  await label.press('r');
  await label.page.keyboard.type('do not lose this');
  await label.press('Escape');
  await label.press(await label.keyOf('right'));
  world.db
    .update(seats)
    .set({
      annotatorId: people.researcher,
      leaseExpiresAt: Date.now() + 900_000,
      leaseTokenHash: 'x'.repeat(64),
    })
    .where(eq(seats.state, 'leased'))
    .run();
  await label.press('Enter');
  const alert = label.queueStatus.getByRole('alert');
  await expect(alert).toContainText('An answer was not taken');
  await alert.getByRole('button', { name: 'Open it' }).click();
  await expect(label.reason).toHaveValue('do not lose this');
  await expect(label.said).toContainText(/ is better than /);
  expect(judgmentsOf(world, project.id)).toHaveLength(1);
});

test('an answer to a task that another tab has judged opens as a correction of that judgment', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Two tabs');
  world.addTasks(project, people.owner, sums(2));
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  const other = new LabelPage(await page.context().newPage());
  await other.open(project.slug);
  await expect(other.prompt).toContainText('1 plus 1');
  await other.press(await other.keyOf('wrong'));
  await other.submit();
  await other.settled();

  await label.press('r');
  await page.keyboard.type('it is the right sum');
  await label.press('Escape');
  await label.press(await label.keyOf('right'));
  await label.press('Enter');
  const alert = label.queueStatus.getByRole('alert');
  await expect(alert).toContainText('already judged');
  await alert.getByRole('button', { name: 'Open it' }).click();
  await expect(page.getByTestId('editing-bar')).toBeVisible();
  await expect(label.prompt).toContainText('1 plus 1');
  // what was chosen here is the draft, not what the other tab said
  await expect(label.reason).toHaveValue('it is the right sum');
  await expect(label.said).toContainText(/ is better than /);
  await page.locator('body').click({ position: { x: 5, y: 5 } });
  await label.press('Enter');
  await expect(page.getByTestId('editing-bar')).toHaveCount(0);
  await label.settled();
  const rows = judgmentsOf(world, project.id);
  expect(rows.map((row) => [row.revision, row.ranking[0], row.rationale])).toEqual([
    [1, ['wrong: 3'], ''],
    [2, ['right: 2'], 'it is the right sum'],
  ]);
  await expect(label.queueStatus.getByRole('alert')).toHaveCount(0);
});

test('an empty page says which emptiness it is', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Empty');
  const page = await pageAs(people.annotator);
  await page.goto(`/label/${project.slug}`);
  const said = page.getByTestId('all-done');
  await expect(said).toContainText('There are no tasks yet');
  world.addTasks(project, people.owner, sums(1));
  await said.getByRole('button', { name: 'Look again' }).click();
  const label = new LabelPage(page);
  await expect(label.prompt).toContainText('1 plus 1');

  const other = await pageAs(people.researcher);
  await other.goto(`/label/${project.slug}`);
  await expect(other.getByTestId('all-done')).toContainText('Others hold the rest right now');
  await label.press('t');
  await label.submit();
  await expect(said).toContainText('You have answered or skipped every task');
  await label.settled();
  await other.getByRole('button', { name: 'Look again' }).click();
  await expect(other.getByTestId('all-done')).toContainText('Every task has been answered');
});

test('many open tasks are counted as more than the server counts', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Many');
  world.addTasks(project, people.owner, sums(530));
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  await expect(page.getByTestId('progress')).toContainText('0 answered, 500+ left');
});
