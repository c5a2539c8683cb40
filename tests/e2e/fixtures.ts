import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import { ADDRESS } from './support/server-address.ts';
import { World } from './support/world.ts';

type Fixtures = {
  /** a page signed in as somebody (or as nobody yet), in a browser context of its own */
  pageAs: (
    userId: string | null,
    options?: Parameters<import('@playwright/test').Browser['newContext']>[0],
  ) => Promise<Page>;
  /** every page of every test is watched: errors of the page, and requests to other hosts, fail the test */
  watched: { watch: (context: BrowserContext) => void; allowErrors: (pattern: RegExp) => void };
};

export const test = base.extend<Fixtures, { world: World }>({
  world: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from this pattern
    async ({}, use) => {
      const world = new World();
      await use(world);
      world.db.$client.close();
    },
    { scope: 'worker' },
  ],
  watched: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from this pattern
    async ({}, use) => {
      const problems: string[] = [];
      const allowed: RegExp[] = [];
      await use({
        watch(context) {
          context.on('weberror', (error) => problems.push(`page error: ${error.error().message}`));
          context.on('console', (message) => {
            // refused requests are part of some tests and checked there
            const isNetwork = message.text().startsWith('Failed to load resource');
            if (message.type() === 'error' && !isNetwork) problems.push(`console: ${message.text()}`);
          });
          context.on('request', (request) => {
            const { protocol, origin } = new URL(request.url());
            if (protocol.startsWith('http') && origin !== ADDRESS)
              problems.push(`request to ${request.url()}`);
          });
        },
        allowErrors: (pattern) => allowed.push(pattern),
      });
      expect(problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))).toEqual([]);
    },
    { auto: true },
  ],
  context: async ({ context, watched }, use) => {
    watched.watch(context);
    await use(context);
  },
  pageAs: async ({ browser, contextOptions, world, watched }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (userId, options) => {
      const context = await browser.newContext({ ...contextOptions, ...options });
      contexts.push(context);
      watched.watch(context);
      if (userId !== null) await world.signIn(context, userId);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
});

export { expect };
