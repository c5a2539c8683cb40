import { readdirSync } from 'node:fs';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { tasks } from '../../db/schema/tasks.ts';
import { ROLES } from '../../lib/roles.ts';
import { recordJudgment } from '../../server/judgments/record.ts';
import { addModel } from '../../server/models/add.ts';
import { addModelInput } from '../../server/models/schemas.ts';
import { type Permission, roleMay } from '../../server/permissions.ts';
import { claimTask } from '../../server/tasks/claim.ts';
import { expect, test } from './fixtures.ts';
import type { World } from './support/world.ts';

/** Every page of a project and the right it needs; a page that is missing here fails the first test. */
const PAGES = {
  '': 'project.read',
  '/data': 'data.read',
  '/data/prompts': 'data.read',
  '/data/prompts/[id]': 'data.read',
  '/data/tasks': 'data.read',
  '/data/tasks/[id]': 'data.read',
  '/data/judgments': 'judgments.read',
  '/data/judgments/[id]': 'judgments.read',
  '/exports': 'snapshots.export',
  '/exports/compare': 'snapshots.export',
  '/runs': 'runs.read',
  '/runs/new': 'runs.start',
  '/runs/metrics': 'project.read',
  '/runs/compare': 'runs.read',
  '/runs/[id]': 'runs.read',
  '/models': 'models.read',
  '/models/try': 'tasks.create',
  '/schedules': 'runs.read',
  '/id/[id]': 'runs.read',
  '/members': 'members.read',
  '/members/[id]': 'judgments.read',
  '/settings': 'data.read',
  '/guideline': 'project.read',
  '/audit': 'audit.read',
} as const satisfies Record<string, Permission>;

/** The first task of a project, judged by the verbs. */
function judgeOne(world: World, projectId: string, annotator: string) {
  const ctx = world.ctxAs(annotator);
  const { task } = claimTask({ ctx, input: { projectId } });
  if (task === null) throw new Error('no task to judge');
  recordJudgment({
    ctx,
    input: {
      projectId,
      seatId: task.seatId,
      leaseToken: task.leaseToken,
      idempotencyKey: `roles-${task.seatId}`,
      ranking: [task.responses.map((response) => response.id)],
      strength: 0,
      tieKind: 'equal',
      notRankable: false,
      flags: {},
      rationale: '',
      firstInteractionAt: null,
      activeMs: 1,
      inputKind: 'keyboard',
    },
  });
  const row = world.db
    .select({ judgmentId: judgments.id, taskId: tasks.id, promptId: tasks.promptId })
    .from(judgments)
    .innerJoin(tasks, eq(tasks.id, judgments.taskId))
    .where(eq(judgments.projectId, projectId))
    .get();
  if (!row) throw new Error('nothing judged');
  return row;
}

test('every page, for every role: the page with the right, the same card without', async ({
  world,
  pageAs,
}) => {
  test.setTimeout(300_000);
  const base = 'app/(studio)/projects/[project]';
  const pages = readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'page.tsx')
    .map((file) => path.posix.join('/', path.dirname(file)).replace(/^\/$/, ''));
  expect(pages.sort()).toEqual(Object.keys(PAGES).sort());

  const { project, people } = world.addProject('Rights');
  world.addTasks(project, people.owner, [{ prompt: 'One', responses: ['a', 'b'] }]);
  const judged = judgeOne(world, project.id, people.annotator);
  const ids: Record<string, string> = {
    '/data/prompts/[id]': judged.promptId,
    '/data/tasks/[id]': judged.taskId,
    '/data/judgments/[id]': judged.judgmentId,
    '/members/[id]': people.annotator,
    '/runs/[id]': world.addRun(project, people.owner),
    '/id/[id]': judged.promptId,
  };
  for (const role of ROLES) {
    const page = await pageAs(people[role]);
    const addresses = Object.entries(PAGES).map(
      ([place, needs]) =>
        [`/projects/${project.slug}${place.replace('[id]', ids[place] ?? '')}`, needs] as const,
    );
    for (const [address, needs] of [...addresses, [`/label/${project.slug}`, 'tasks.label'] as const]) {
      const what = `${role} at ${address}`;
      const response = await page.goto(address);
      expect(response?.status(), what).toBe(200);
      await expect(page.getByRole('heading', { level: 1 }), what).toBeAttached();
      const card = page.getByTestId('no-right');
      await expect(card, what).toHaveCount(roleMay(role, needs) ? 0 : 1);
      if (!roleMay(role, needs)) {
        await expect(card, what).toContainText(`Your role in this project is ${role}, which may not `);
        await expect(card.getByRole('link', { name: 'Back to Rights' }), what).toBeVisible();
      }
      await expect(page.getByText('could not be shown'), what).toHaveCount(0);
    }
  }
  const annotator = await pageAs(people.annotator);
  await annotator.goto('/projects/new');
  await expect(annotator.getByTestId('no-right')).toContainText('Only the owner of this installation');
});

test('an auditor sees what there is, freezes snapshots, and finds nothing that changes the rest', async ({
  world,
  pageAs,
}) => {
  const { project, people } = world.addProject('Looking on');
  const auditor = await pageAs(people.auditor);
  // the same places for somebody who may: what is missing for the auditor must be there under this name
  const researcher = await pageAs(people.researcher);
  for (const [page, count] of [
    [researcher, 1],
    [auditor, 0],
  ] as const) {
    await page.goto(`/projects/${project.slug}/data`);
    await expect(page.getByRole('heading', { name: 'Data', exact: true })).toBeVisible();
    await expect(page.getByText('Import a file')).toHaveCount(count);
    await page.goto(`/projects/${project.slug}/runs`);
    await expect(page.getByRole('heading', { name: 'Runs', exact: true })).toBeVisible();
    await expect(page.getByRole('link', { name: 'New run' })).toHaveCount(count);
    await page.goto(`/projects/${project.slug}/exports`);
    await expect(page.getByText('No snapshot yet')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Freeze a snapshot' })).toHaveCount(1);
  }
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

test('an upload of more than ten megabytes arrives whole', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Large files');
  const { registrationId } = addModel({
    ctx: world.ctxAs(people.owner),
    input: addModelInput.parse({
      projectId: project.id,
      modelName: 'large',
      source: { from: 'upload', files: ['model.zip'] },
    }),
  });
  const owner = await pageAs(people.owner);
  await owner.goto(`/projects/${project.slug}`);
  const received = await owner.evaluate(async (address) => {
    const response = await fetch(address, { method: 'POST', body: new Uint8Array(12 * 2 ** 20).fill(7) });
    return response.json();
  }, `/api/models/${registrationId}?project=${project.id}&name=model.zip`);
  expect(received).toMatchObject({ bytes: 12 * 2 ** 20 });
});
