import { defineConfig, devices } from '@playwright/test';
import { findBrowser } from './scripts/find-browser.ts';
import { ADDRESS } from './tests/e2e/support/server-address.ts';

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'reports/playwright',
  reporter: [['list'], ['json', { outputFile: 'reports/playwright.json' }]],
  // one server, two cores, and a worker that trains: more would only fight for them
  workers: 1,
  forbidOnly: process.env.CI === 'true',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    ...devices['Desktop Chrome'],
    baseURL: ADDRESS,
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: findBrowser() ?? undefined,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    },
  },
  webServer: {
    command: 'node --import tsx tests/e2e/support/start-server.ts',
    url: `${ADDRESS}/api/health`,
    // includes next build on a fresh checkout
    timeout: 600_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
  },
});
