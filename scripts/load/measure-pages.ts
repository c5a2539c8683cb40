import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from '@playwright/test';
import type { Role } from '../../lib/roles.ts';
import { findBrowser } from '../find-browser.ts';
import { PASSWORD, SLUG } from './make-database.ts';

/** A page has come when nothing was asked for this long. */
const QUIET_MS = 600;
const PATIENCE_MS = 60_000;

const ofProject = (...paths: string[]) => paths.map((path) => `/projects/${SLUG}${path}`);
const PAGES: Record<Role, string[]> = {
  annotator: [`/label/${SLUG}`, '/account'],
  owner: ['/', '/installation', ...ofProject('/members', '/settings')],
  researcher: ofProject(
    ...['', '/data', '/data/prompts', '/data/tasks', '/data/judgments', '/exports', '/runs', '/runs/new'],
    ...['/models', '/schedules'],
  ),
  auditor: ofProject('/audit'),
};

/**
 * First load of every page as its role, in a browser that knows nothing of it: ms from the address until the last answer that
 * it asked for has come.
 */
export async function measurePages(
  address: string,
  emails: Record<Role, string>,
): Promise<Record<string, number>> {
  const browser = await chromium.launch({
    executablePath: findBrowser() ?? undefined,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const measured: Record<string, number> = {};
  try {
    for (const [role, pages] of Object.entries(PAGES) as [Role, string[]][]) {
      const context = await browser.newContext({ baseURL: address });
      const page = await context.newPage();
      await signIn(page, emails[role]);
      for (const path of pages) measured[path] = await firstLoad(page, path);
      await context.close();
    }
  } finally {
    await browser.close();
  }
  return measured;
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
}

async function firstLoad(page: Page, path: string): Promise<number> {
  let lastAt = performance.now();
  let open = 0;
  const begin = () => {
    open += 1;
  };
  const end = () => {
    open -= 1;
    lastAt = performance.now();
  };
  page.on('request', begin);
  page.on('requestfinished', end);
  page.on('requestfailed', end);
  const start = performance.now();
  await page.goto(path, { waitUntil: 'load', timeout: PATIENCE_MS });
  lastAt = Math.max(lastAt, performance.now());
  while (performance.now() - start < PATIENCE_MS && (open > 0 || performance.now() - lastAt < QUIET_MS))
    await sleep(20);
  page.off('request', begin);
  page.off('requestfinished', end);
  page.off('requestfailed', end);
  return Math.round(lastAt - start);
}
