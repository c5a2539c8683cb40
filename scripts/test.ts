/**
 * `npm test`: unit and integration tests by vitest, then the browser journeys by Playwright, then one line
 * `N passed, N failed` counted from their reports. Skipped tests are a failure under CI=true.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { ensureBuild } from './ensure-build.ts';
import { findBrowser } from './find-browser.ts';

type Count = { passed: number; failed: number; skipped: number };

const VITEST_REPORT = 'reports/vitest.json';
const PLAYWRIGHT_REPORT = 'reports/playwright.json';

function run(command: string, args: string[], env: Record<string, string> = {}): number {
  const result = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return result.status ?? 1;
}

/** A suite that died without a report counts as one failure. */
function countVitest(): Count {
  if (!existsSync(VITEST_REPORT)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(VITEST_REPORT, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    testResults: { status: string; assertionResults: unknown[] }[];
  };
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function countPlaywright(): Count {
  if (!existsSync(PLAYWRIGHT_REPORT)) return { passed: 0, failed: 1, skipped: 0 };
  const { stats } = JSON.parse(readFileSync(PLAYWRIGHT_REPORT, 'utf8')) as {
    stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  };
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped };
}

function ensureBrowser(): boolean {
  if (findBrowser() !== null) return true;
  console.log("No Chromium found: trying Playwright's own download.");
  run('npx', ['playwright', 'install', 'chromium']);
  if (findBrowser() !== null) return true;
  console.error(
    'Browser tests need Chromium: install it (Debian: apt-get install chromium) and run npm test again.',
  );
  return false;
}

mkdirSync('reports', { recursive: true });
for (const report of [VITEST_REPORT, PLAYWRIGHT_REPORT]) rmSync(report, { force: true });

// the load test and the journeys run against the real build
ensureBuild();
const unitStatus = run('npx', ['vitest', 'run']);
const browserStatus = ensureBrowser() ? run('npx', ['playwright', 'test']) : 1;

const counts = [countVitest(), countPlaywright()];
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const skipped = counts.reduce((sum, count) => sum + count.skipped, 0);
let failed = counts.reduce((sum, count) => sum + count.failed, 0);
if (failed === 0 && (unitStatus !== 0 || browserStatus !== 0)) failed = 1;
if (process.env.CI === 'true' && skipped > 0) {
  console.error(`${skipped} tests were skipped, and CI may skip none.`);
  failed += skipped;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
