/**
 * `npm run guide-pictures`: takes the pictures of docs/guide anew. Makes a demo in a folder of its own, starts the real thing on it
 * (and on an empty one, for the first start) and walks through the guides with a browser.
 *
 *   --data <folder>      a folder of the demo that is there already
 *   --port <number>      of the pages (3100); the one after it is taken too
 *   --quick              of the demo: its figures mean little, and show on the pictures
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import { desc, eq } from 'drizzle-orm';
import { projects } from '../db/schema/projects.ts';
import { runs } from '../db/schema/runs.ts';
import { users } from '../db/schema/users.ts';
import { readOptions, UsageError } from '../server/cli/options.ts';
import { runCommand } from '../server/cli/run-command.ts';
import type { Ctx } from '../server/context.ts';
import { openDataFolder } from '../server/data-folder.ts';
import { createInvite } from '../server/projects/create-invite.ts';
import { createDemoLink } from '../server/users/create-demo-link.ts';
import { ensureBuild } from './ensure-build.ts';
import { findBrowser } from './find-browser.ts';

const FOLDER = 'docs/guide/pictures';
const MAX_BYTES = 100_000;
const WIDE = { width: 1200, height: 760 };
const PHONE = { width: 390, height: 780 };

async function guidePictures(): Promise<number> {
  const { options } = readOptions(process.argv.slice(2), {
    data: { type: 'string', expected: 'a folder of the demo' },
    port: { type: 'string', expected: 'a port number' },
    quick: { type: 'boolean', expected: 'nothing' },
  });
  const port = Number(options.port ?? 3100);
  if (!Number.isInteger(port) || port < 1 || port > 65_534) {
    throw new UsageError(`--port "${options.port}": expected a number from 1 to 65534`);
  }
  const executablePath = findBrowser();
  if (executablePath === null) throw new UsageError('No Chromium was found: npx playwright install chromium');
  const scratch = mkdtempSync(path.join(tmpdir(), 'plumbline-guide-'));
  const dataFolder = path.resolve(options.data ?? path.join(scratch, 'demo'));
  ensureBuild();
  if (options.data === undefined) makeDemo(dataFolder, options.quick !== undefined);
  mkdirSync(FOLDER, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const servers: ChildProcess[] = [];
  try {
    const take = await camera(browser);
    const first = await startPages(path.join(scratch, 'empty'), port + 1);
    servers.push(first.server);
    await firstStart(browser, take, first.printed());
    const { server } = await startPages(dataFolder, port);
    servers.push(server);
    await walk(browser, take, { dataFolder, address: `http://localhost:${port}` });
    return 0;
  } finally {
    await browser.close();
    for (const server of servers) await stopped(server);
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Take = (page: Page, name: string) => Promise<void>;

/** Takes what a page shows as WebP, in the best quality that keeps the file small. A browser converts it: it has the encoder. */
async function camera(browser: Browser): Promise<Take> {
  const darkroom = await browser.newPage();
  return async (page, name) => {
    // what moves has come to rest, and what is fetched is there
    await page.waitForTimeout(1500);
    const png = (await page.screenshot({ animations: 'disabled', caret: 'hide' })).toString('base64');
    for (const quality of [0.9, 0.8, 0.7, 0.5]) {
      const webp = await darkroom.evaluate(
        async ({ source, quality }) => {
          const image = new Image();
          image.src = `data:image/png;base64,${source}`;
          await image.decode();
          const canvas = document.createElement('canvas');
          canvas.width = image.width;
          canvas.height = image.height;
          canvas.getContext('2d')?.drawImage(image, 0, 0);
          return canvas.toDataURL('image/webp', quality).split(',')[1] ?? '';
        },
        { source: png, quality },
      );
      const bytes = Buffer.from(webp, 'base64');
      if (bytes.length > MAX_BYTES && quality > 0.5) continue;
      writeFileSync(path.join(FOLDER, `${name}.webp`), bytes);
      console.log(`${name}.webp  ${Math.ceil(bytes.length / 1000)} KB`);
      return;
    }
  };
}

async function firstStart(browser: Browser, take: Take, printed: string): Promise<void> {
  const link = /http\S+\/setup\/\S+/.exec(printed)?.[0];
  if (link === undefined) throw new Error(`The first start printed no link:\n${printed}`);
  const page = await browser.newPage({ viewport: WIDE });
  await page.goto(link);
  await take(page, 'setup');
  await page.close();
}

/** The four guides, in an order in which each finds what it shows. */
async function walk(
  browser: Browser,
  take: Take,
  { dataFolder, address }: { dataFolder: string; address: string },
): Promise<void> {
  const db = openDataFolder(dataFolder);
  const base = { db, dataFolder, now: Date.now };
  const ownerId = db.select().from(users).where(eq(users.isInstanceOwner, true)).get()?.id ?? '';
  const owner: Ctx = { ...base, actor: { type: 'user', userId: ownerId, isInstanceOwner: true } };
  const project = db.select().from(projects).orderBy(desc(projects.id)).get();
  const run = db.select().from(runs).where(eq(runs.recipe, 'ppo')).orderBy(desc(runs.id)).get();
  if (!project || !run) throw new Error(`${dataFolder}: no project, or no PPO run in it, expected a demo's`);
  const at = (rest: string) => `${address}/projects/${project.slug}${rest}`;
  const enter = async (email: string): Promise<BrowserContext> => {
    const person = db.select().from(users).where(eq(users.email, email)).get();
    if (!person) throw new Error(`${dataFolder}: nobody is ${email}, expected the demo's visitors`);
    const { token } = createDemoLink({ ctx: owner, input: { userId: person.id } });
    const context = await browser.newContext({ viewport: WIDE, colorScheme: 'light' });
    const page = await context.newPage();
    await page.goto(`${address}/demo/${token}`);
    await page.waitForURL((url) => !url.pathname.startsWith('/demo'));
    await page.close();
    return context;
  };

  const guest = await browser.newPage({ viewport: WIDE });
  const { token } = createInvite({
    ctx: owner,
    input: { projectId: project.id, role: 'annotator', days: 1 },
  });
  await guest.goto(`${address}/invite/${token}`);
  await take(guest, 'invite');

  const annotator = await enter('annotator@demo.example');
  const label = await annotator.newPage();
  await label.goto(`${address}/label/${project.slug}`);
  await label.getByText('Response').first().waitFor();
  await take(label, 'label');
  const phone = await browser.newContext({
    ...{ viewport: PHONE, hasTouch: true, isMobile: true },
    storageState: await annotator.storageState(),
  });
  const touched = await phone.newPage();
  await touched.goto(`${address}/label/${project.slug}`);
  await touched.getByText('Response').first().waitFor();
  await take(touched, 'label-phone');
  await phone.close();
  for (const [key, name] of [
    ['g', 'guidelines'],
    ['?', 'keys'],
  ] as const) {
    await label.keyboard.press(key);
    await take(label, name);
    await label.keyboard.press('Escape');
  }
  for (let task = 0; task < 3; task++) {
    for (const key of ['1', '2', '3', '4', 'Enter']) await label.keyboard.press(key);
    await label.waitForTimeout(1000);
  }
  await label.keyboard.press('m');
  await take(label, 'my-answers');
  await annotator.close();

  const researcher = await (await enter('researcher@demo.example')).newPage();
  for (const [name, rest] of [
    ['overview', ''],
    ['imports', '/data'],
    ['models', '/models'],
    ['tasks', '/data/tasks'],
    ['snapshots', '/exports'],
    ['new-run', '/runs/new'],
    ['run', `/runs/${run.id}`],
  ] as const) {
    await researcher.goto(at(rest));
    await take(researcher, name);
  }

  const auditor = await (await enter('auditor@demo.example')).newPage();
  await auditor.goto(at('/data/judgments'));
  const first = auditor
    .getByRole('region', { name: 'Judgments' })
    .getByRole('row')
    .nth(1)
    .getByRole('link')
    .first();
  await first.waitFor();
  await take(auditor, 'judgments');
  await first.click();
  await auditor.getByText('Who, what, when').waitFor();
  await take(auditor, 'judgment');
  await auditor.goto(at('/audit'));
  await take(auditor, 'audit');
  await auditor.getByRole('button', { name: 'Verify now' }).click();
  await auditor.getByRole('button', { name: 'Verify now', disabled: false }).waitFor({ timeout: 120_000 });
  await take(auditor, 'verified');

  const chief = await browser.newPage({ viewport: WIDE });
  await chief.goto(`${address}/sign-in`);
  await chief.getByLabel('E-mail').fill('owner@demo.example');
  await chief
    .getByLabel('Password')
    .fill(readFileSync(path.join(dataFolder, 'owner-password.txt'), 'utf8').trim());
  await chief.getByRole('button', { name: 'Sign in' }).click();
  await chief.waitForURL((url) => url.pathname === '/');
  for (const [name, target] of [
    ['members', at('/members')],
    ['installation', `${address}/installation`],
    ['account', `${address}/account`],
  ] as const) {
    await chief.goto(target);
    await take(chief, name);
  }
  db.$client.close();
}

function makeDemo(dataFolder: string, isQuick: boolean): void {
  const args = ['--import', 'tsx', 'scripts/demo.ts', '--once', '--data', dataFolder];
  const { status } = spawnSync(process.execPath, [...args, ...(isQuick ? ['--quick'] : [])], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('The demo failed: see above.');
}

/** `npm start` on a folder, once it says that it is ready. */
async function startPages(
  dataFolder: string,
  port: number,
): Promise<{ server: ChildProcess; printed: () => string }> {
  const server = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts', '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, PLUMBLINE_DATA: dataFolder, NEXTAUTH_URL: `http://localhost:${port}` },
  });
  let text = '';
  server.stdout?.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('message', () => resolve());
    server.once('exit', (code) =>
      reject(new Error(`npm start on ${dataFolder} ended with ${code}:\n${text}`)),
    );
  });
  // what it printed last may still be on its way
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { server, printed: () => text };
}

function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill('SIGTERM');
  });
}

await runCommand('guide-pictures', guidePictures);
