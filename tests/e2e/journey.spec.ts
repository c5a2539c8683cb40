import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import type { BrowserContext, Page } from '@playwright/test';
import type { RawRow } from '../../server/snapshots/raw-row.ts';
import { expect, test } from './fixtures.ts';
import { LabelPage } from './pages/label-page.ts';
import { RunPage } from './pages/run-page.ts';
import { importFile, jsonl } from './support/import-file.ts';
import { introduce, invite, ownerLink } from './support/people.ts';

const GOODS = ['tea', 'soap', 'bread', 'ink', 'salt', 'rope', 'wool', 'corn', 'milk', 'clay', 'rice', 'fish'];
const QUESTIONS = GOODS.map((thing) => ({
  prompt: `How do I store ${thing}?`,
  responses: [
    `Keep it dry and cool:\n\n1. Put the **${thing}** into a clean jar with a lid.\n2. Write the date on it.\n3. Look at it once a month.\n\nThank you for asking.`,
    `There is much to say about ${thing}, and many people have said it. Some keep ${thing} here, some keep ${thing} there. I have no idea.`,
  ],
}));
const PAIRS = Array.from({ length: 48 }, (_, n) => ({
  prompt: `Please name ${n} things.`,
  chosen: `Gladly: here are ${n} things.`,
  rejected: `things things things ${n} things`,
}));
type Clicked = {
  prompt: string;
  ranking: string[][];
  tieKind: string;
  strength: number | null;
  rationale: string;
};

test('owner, annotator, researcher and auditor take judgments all the way to a policy and an export', async ({
  browser,
  watched,
  page: owner,
}) => {
  test.setTimeout(420_000);
  const contexts: BrowserContext[] = [];
  const join = async (name: string, link: string): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    contexts.push(context);
    watched.watch(context);
    const page = await context.newPage();
    await page.goto(link);
    await introduce(page, name, 'Create account and join');
    await page.waitForURL(/\/projects\//);
    return page;
  };

  // 1. the owner, by the link that the console printed; it works once
  const link = ownerLink();
  await owner.goto(link);
  await introduce(owner, 'Olive Owner', 'Create account');
  await owner.waitForURL('**/projects/new');
  await owner.getByLabel('Name').fill('Household answers');
  await owner.getByRole('button', { name: 'Create project' }).click();
  await owner.waitForURL(/\/projects\/household-answers$/);
  const slug = 'household-answers';
  await importFile(owner, slug, { name: 'questions.jsonl', text: jsonl(QUESTIONS) });
  await importFile(owner, slug, { name: 'pairs.jsonl', text: jsonl(PAIRS) });
  const links = {
    annotator: await invite(owner, slug, 'annotator'),
    researcher: await invite(owner, slug, 'researcher'),
    auditor: await invite(owner, slug, 'auditor'),
  };

  // 2. twelve tasks, with keys only
  const annotator = await join('Ann Annotator', links.annotator);
  const label = new LabelPage(annotator);
  await label.open(slug);
  const clicked: Clicked[] = [];
  for (let n = 0; n < 12; n += 1) {
    const prompt = (await label.prompt.textContent())?.trim() ?? '';
    const question = QUESTIONS.find((other) => other.prompt === prompt);
    if (question === undefined) throw new Error(`Unknown prompt on the page: ${prompt}`);
    const [good, poor] = question.responses as [string, string];
    const goodKey = await label.keyOf('dry and cool');
    const poorKey = goodKey === '1' ? '2' : '1';
    // a press says "better" (2), pressed again "much better" (3)
    const strengthOf = (key: string, presses = 1) => Math.min(3, 1 + presses) * (key === '1' ? -1 : 1);
    const answer: Clicked = {
      prompt,
      ranking: [[good], [poor]],
      tieKind: 'none',
      strength: strengthOf(goodKey),
      rationale: '',
    };
    if (n < 8) {
      const times = 1 + (n % 3);
      for (let press = 0; press < times; press += 1) await label.press(goodKey);
      answer.strength = strengthOf(goodKey, times);
    } else if (n === 8) {
      await label.press(poorKey, 'r');
      await annotator.keyboard.type('shorter, and true');
      await label.press('Escape');
      Object.assign(answer, {
        ranking: [[poor], [good]],
        strength: strengthOf(poorKey),
        rationale: 'shorter, and true',
      });
    } else if (n === 9) {
      await label.press('t');
      Object.assign(answer, { ranking: [[good, poor]], tieKind: 'equal', strength: 0 });
    } else if (n === 10) {
      await label.press('0');
      Object.assign(answer, { ranking: [[good, poor]], tieKind: 'both_bad', strength: 0 });
    } else {
      // out of a tie, two steps along the scale with arrows
      await label.press('t', 'ArrowRight', 'ArrowRight');
      const better = goodKey === '2' ? good : poor;
      Object.assign(answer, { ranking: [[better], [better === good ? poor : good]], strength: 2 });
    }
    if (n === 7) await picture(annotator, 'label');
    clicked.push(answer);
    await label.submit();
  }
  await expect(annotator.getByTestId('all-done')).toBeVisible();
  await label.settled();

  // 3. the researcher freezes a snapshot, fits a reward model and runs PPO
  const researcher = await join('Rita Researcher', links.researcher);
  await researcher.goto(`/projects/${slug}/exports`);
  await researcher.getByRole('button', { name: 'Freeze a snapshot' }).click();
  await expect(researcher.getByTestId('snapshot').first()).toContainText(/60\s*judgments kept/);
  const run = new RunPage(researcher);
  await run.fillIn(slug, 'reward', {
    preset: 'toy',
    fields: { Epochs: '3', 'Max length': '160', 'Normalize on': '16', 'Batch size': '8' },
  });
  await researcher.getByRole('button', { name: 'Register the bundled toy model' }).click();
  await expect(researcher.getByLabel('Model', { exact: true })).toContainText('toy-sft');
  await run.start();
  expect((await run.finished('')).length).toBeGreaterThan(1);
  await run.fillIn(slug, 'ppo', {
    preset: 'toy',
    fields: {
      'Total episodes': '384',
      'Rollout batch size': '16',
      'Response length': '16',
      'Max prompt length': '64',
    },
  });
  await run.start();
  const rewards = await run.finished('Reward by step');
  expect(rewards.length).toBeGreaterThan(1);
  await picture(researcher, 'run');

  // 4. the auditor exports; the rows are what was clicked
  const auditor = await join('Augusta Auditor', links.auditor);
  await auditor.goto(`/projects/${slug}/exports`);
  const card = auditor.getByTestId('snapshot').first();
  const lines = async (format: string, name: string): Promise<string[]> => {
    await card.getByLabel('Export as').selectOption(format);
    await card.getByRole('button', { name: 'Export', exact: true }).click();
    const file = card.getByTestId(`export-${format}`).getByRole('link', { name: new RegExp(`^${name}`) });
    const [download] = await Promise.all([auditor.waitForEvent('download'), file.click()]);
    return readFileSync(await download.path(), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  };
  const raw = (await lines('raw', 'raw.jsonl')).map((line) => JSON.parse(line) as RawRow);
  const exported = raw
    .filter((row) => row.source === 'annotator')
    .map((row): Clicked => {
      const text = (id: string) => row.responses.find((response) => response.response_id === id)?.text ?? id;
      return {
        prompt: row.prompt.at(-1)?.content ?? '',
        ranking: row.ranking.map((group) => group.map(text).sort()),
        tieKind: row.tie_kind,
        strength: row.strength,
        rationale: row.rationale,
      };
    });
  const sorted = clicked.map((answer) => ({
    ...answer,
    ranking: answer.ranking.map((group) => [...group].sort()),
  }));
  const byPrompt = (one: Clicked, other: Clicked) => one.prompt.localeCompare(other.prompt);
  expect(exported.sort(byPrompt)).toEqual(sorted.sort(byPrompt));
  expect(raw.filter((row) => row.source === 'imported')).toHaveLength(48);
  expect(raw.map((row) => row.annotator_pseudonym).filter(Boolean)).toHaveLength(12);
  expect(JSON.stringify(raw)).not.toContain('Ann Annotator');

  type Trl = { prompt: string; chosen: string; rejected: string };
  const trl = [...(await lines('trl', 'train.jsonl')), ...(await lines('trl', 'heldout.jsonl'))].map(
    (line) => JSON.parse(line) as Trl,
  );
  const decided = clicked.filter((answer) => answer.tieKind === 'none');
  const wanted = [
    ...decided.map(({ prompt, ranking }) => [prompt, ranking[0]?.[0], ranking[1]?.[0]]),
    ...PAIRS.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]),
  ];
  expect(trl.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]).sort()).toEqual(wanted.sort());
  await card.getByRole('button', { name: 'Verify' }).first().click();
  await expect(card.getByRole('status').first()).toContainText('Whole');

  // the link is spent
  const late = await browser.newContext();
  contexts.push(late);
  const again = await late.newPage();
  await again.goto(link);
  await introduce(again, 'Second Owner', 'Create account');
  await expect(again.getByText(/link/i).and(again.getByRole('alert'))).toBeVisible();
  for (const context of contexts) await context.close();
});

/** Pictures for the README: taken where there is none, or with UPDATE_IMAGES=1, so that a test run leaves no changes. */
async function picture(page: Page, name: string): Promise<void> {
  const file = `docs/images/${name}.png`;
  if (existsSync(file) && process.env.UPDATE_IMAGES !== '1') return;
  mkdirSync('docs/images', { recursive: true });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.screenshot({ path: file });
}
