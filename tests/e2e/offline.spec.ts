import { and, eq } from 'drizzle-orm';
import { seats } from '../../db/schema/tasks.ts';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';
import { judgmentsOf } from './support/judgments-of.ts';

const questions = [1, 2, 3, 4].map((n) => ({
  prompt: `Question ${n}`,
  responses: [`good ${n}`, `poor ${n}`],
}));

test('an answer given without a connection is kept, shown, and sent once it is back', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Offline');
  world.addTasks(project, people.owner, questions);
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  // until the next task is there too
  await expect(page.getByTestId('progress')).toHaveAttribute('data-held', '2');

  await page.context().setOffline(true);
  await label.press(await label.keyOf('good'));
  await label.submit();
  await expect(label.prompt).toContainText('Question 2');
  await expect(label.queueStatus).toContainText('1 answer waits to be sent');
  expect(judgmentsOf(world, project.id)).toHaveLength(0);

  await page.context().setOffline(false);
  await expect(label.queueStatus).not.toContainText('waits');
  await label.settled();
  expect(judgmentsOf(world, project.id)).toMatchObject([{ ranking: [['good 1'], ['poor 1']] }]);
  await label.press('t');
  await label.submit();
  await expect(label.prompt).toContainText('Question 3');
});

test('an answer whose reply got lost is sent again with its key and counts once', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Lost reply');
  world.addTasks(project, people.owner, questions);
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  const keys: string[] = [];
  await page.route(/judgments\.record/, async (route) => {
    const key = /"idempotencyKey":"([^"]+)"/.exec(route.request().postData() ?? '')?.[1] ?? '';
    keys.push(key);
    if (keys.length > 1) return route.continue();
    // the server hears it, the page does not hear the server
    await route.fetch();
    return route.abort('connectionreset');
  });
  await label.press(await label.keyOf('good'));
  await label.submit();
  await label.settled();
  expect(keys.length).toBeGreaterThanOrEqual(2);
  expect(new Set(keys).size).toBe(1);
  expect(judgmentsOf(world, project.id)).toHaveLength(1);
});

test('an unsent answer survives closing the page', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Closed');
  world.addTasks(project, people.owner, questions);
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  await expect(page.getByTestId('progress')).toHaveAttribute('data-held', '2');
  await page.route(/judgments\.record/, (route) => route.abort('connectionrefused'));
  await label.press(await label.keyOf('poor'));
  await label.submit();
  await expect(label.queueStatus).toContainText('1 answer waits');
  await page.unrouteAll();
  await page.close({ runBeforeUnload: false });

  const again = new LabelPage(await page.context().newPage());
  await again.open(project.slug);
  await again.settled();
  expect(judgmentsOf(world, project.id)).toMatchObject([{ ranking: [['poor 1'], ['good 1']] }]);
});

test('ten tasks are judged without a connection, and all answers arrive once', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Tunnel');
  const many = Array.from({ length: 60 }, (_, n) => ({
    prompt: `Question ${n + 1}`,
    responses: [`good ${n + 1}`, `poor ${n + 1}`],
  }));
  world.addTasks(project, people.owner, many);
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  await expect(page.getByTestId('progress')).toHaveAttribute('data-held', '11');

  await page.context().setOffline(true);
  for (let answer = 0; answer < 10; answer += 1) {
    await label.press(await label.keyOf('good'));
    await label.submit();
  }
  await expect(label.queueStatus).toContainText('10 answers wait to be sent');
  expect(judgmentsOf(world, project.id)).toHaveLength(0);

  await page.context().setOffline(false);
  await label.settled();
  const rows = judgmentsOf(world, project.id);
  // tasks made in the same millisecond come in any order
  const best = rows.map((row) => row.ranking[0]?.[0]).sort();
  expect(best).toEqual(
    many
      .slice(0, 10)
      .map(({ responses }) => responses[0])
      .sort(),
  );
  expect(new Set(rows.map((row) => row.taskId)).size).toBe(10);
  await expect(page.getByTestId('progress')).toContainText('10 answered, 50 left');
});

test('whoever leaves gives back what was only held ahead', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Leaving');
  const many = Array.from({ length: 60 }, (_, n) => ({ prompt: `Question ${n + 1}`, responses: ['a', 'b'] }));
  world.addTasks(project, people.owner, many);
  const page = await pageAs(people.annotator);
  const label = new LabelPage(page);
  await label.open(project.slug);
  await expect(page.getByTestId('progress')).toHaveAttribute('data-held', '11');
  const leased = () =>
    world.db
      .select({ taskId: seats.taskId })
      .from(seats)
      .where(and(eq(seats.annotatorId, people.annotator), eq(seats.state, 'leased')))
      .all();
  expect(leased()).toHaveLength(11);
  await page.goto(`/projects/${project.slug}`);
  await expect.poll(() => leased().length).toBe(1);
});
