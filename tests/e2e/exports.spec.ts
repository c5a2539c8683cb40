import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { EXPORT_FORMATS } from '../../lib/export-formats.ts';
import { recordJudgment } from '../../server/judgments/record.ts';
import { claimTask } from '../../server/tasks/claim.ts';
import { expect, test } from './fixtures.ts';
import { importFile, jsonl } from './support/import-file.ts';

test('an auditor exports every format, and a changed byte is named by file and line', async ({
  world,
  pageAs,
}) => {
  test.setTimeout(120_000);
  const { project, people } = world.addProject('Exports');
  const rows = Array.from({ length: 6 }, (_, n) => ({
    prompt: `Q${n}`,
    chosen: `good ${n}`,
    rejected: `bad ${n}`,
  }));
  const researcher = await pageAs(people.researcher);
  await importFile(researcher, project.slug, { name: 'pairs.jsonl', text: jsonl(rows) });

  // one judgment of a simulated annotator, through the domain's own verbs
  world.addTasks(project, people.owner, [{ prompt: 'Simulated?', responses: ['yes', 'no'] }]);
  world.db.update(users).set({ isSimulated: true }).where(eq(users.id, people.annotator)).run();
  const ctx = world.ctxAs(people.annotator);
  const { task } = claimTask({ ctx, input: { projectId: project.id } });
  if (task === null) throw new Error('no task');
  const [first, second] = task.responses.map((response) => response.id) as [string, string];
  recordJudgment({
    ctx,
    input: {
      projectId: project.id,
      seatId: task.seatId,
      leaseToken: task.leaseToken,
      idempotencyKey: `simulated-${task.seatId}`,
      ranking: [[first], [second]],
      strength: -1,
      tieKind: 'none',
      notRankable: false,
      flags: {},
      rationale: '',
      firstInteractionAt: null,
      activeMs: 0,
      inputKind: 'api',
    },
  });

  await researcher.goto(`/projects/${project.slug}/exports`);
  await researcher.getByRole('button', { name: 'Freeze a snapshot' }).click();
  const made = researcher.getByTestId('snapshot').first();
  await expect(made).toContainText(/7\s*judgments kept/);
  await expect(made).toContainText(/1\s*simulated annotators/);
  await expect(made).toContainText(/6\s*imported/);
  await expect(made).toContainText('holds simulated judgments');

  const auditor = await pageAs(people.auditor);
  await auditor.goto(`/projects/${project.slug}/exports`);
  const card = auditor.getByTestId('snapshot').first();
  for (const format of EXPORT_FORMATS) {
    await card.getByLabel('Export as').selectOption(format);
    await card.getByRole('button', { name: 'Export', exact: true }).click();
    await expect(card.getByTestId(`export-${format}`)).toContainText(
      format === 'trl-unpaired' ? '14 rows' : '7 rows',
    );
  }
  const download = async (format: string, name: string) => {
    const link = card
      .getByTestId(`export-${format}`)
      .getByRole('link', { name: new RegExp(`^${name.replace('.', '\\.')}`) });
    const [file] = await Promise.all([auditor.waitForEvent('download'), link.click()]);
    expect(file.suggestedFilename()).toBe(name);
    return readFileSync(await file.path(), 'utf8');
  };
  const trl = `${await download('trl', 'train.jsonl')}${await download('trl', 'heldout.jsonl')}`
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { prompt: string; chosen: string; rejected: string });
  const expected = [
    ...rows,
    { prompt: 'Simulated?', chosen: task.responses[0]?.content, rejected: task.responses[1]?.content },
  ];
  const byPrompt = (one: { prompt: string }, other: { prompt: string }) =>
    one.prompt.localeCompare(other.prompt);
  expect(trl.map(({ prompt, chosen, rejected }) => ({ prompt, chosen, rejected })).sort(byPrompt)).toEqual(
    expected.sort(byPrompt),
  );
  const raw = (await download('raw', 'raw.jsonl')).trim().split('\n');
  expect(raw.map((line) => (JSON.parse(line) as { source: string }).source).sort()).toEqual([
    ...Array(6).fill('imported'),
    'simulated',
  ]);
  // pseudonyms serve: no names
  expect(raw.join()).not.toContain('Exports annotator');

  // verify: whole, then one byte of one line changed on disk
  const exported = card.getByTestId('export-raw');
  await exported.getByRole('button', { name: 'Verify' }).click();
  await expect(exported.getByRole('status')).toContainText('Whole');
  const href = await exported.getByRole('link', { name: /^raw\.jsonl/ }).getAttribute('href');
  const exportId = /exports\/([^/]+)\//.exec(href ?? '')?.[1] ?? '';
  const file = path.join(world.dataFolder, 'exports', exportId, 'raw.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n');
  lines[2] = lines[2]?.replace('good', 'gold') ?? '';
  if (!lines[2]?.includes('gold')) lines[2] = `${lines[2]} `;
  writeFileSync(file, lines.join('\n'));
  await exported.getByRole('button', { name: 'Verify' }).click();
  await expect(exported.getByRole('alert')).toContainText('Altered: raw.jsonl, line 3');
});

test('a snapshot that is made before the list has come is in it', async ({ world, pageAs }) => {
  const { project, people } = world.addProject('Slow list');
  const researcher = await pageAs(people.researcher);
  await importFile(researcher, project.slug, {
    name: 'pairs.jsonl',
    text: jsonl([{ prompt: 'Q', chosen: 'good', rejected: 'bad' }]),
  });
  // the first answer is as the server gave it, but on the way until the snapshot is there
  const [isRead, read] = openPromise();
  const [isMade, arrive] = openPromise();
  await researcher.route(
    (url) => url.pathname.includes('snapshots.list'),
    async (route) => {
      const response = await route.fetch();
      read();
      await isMade;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  await researcher.goto(`/projects/${project.slug}/exports`);
  await isRead;
  const made = researcher.waitForResponse((response) => response.url().includes('snapshots.create'));
  await researcher.getByRole('button', { name: 'Freeze a snapshot' }).click();
  await made;
  arrive();
  await expect(researcher.getByTestId('snapshot').first()).toContainText(/1\s*judgments kept/);
});

function openPromise(): [Promise<void>, () => void] {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return [promise, resolve];
}
