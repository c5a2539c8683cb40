import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const SOURCES = ['app', 'server', 'db', 'lib', 'trainer/config', 'trainer/events.ts', 'proxy.ts'];
const CONFIG = ['next.config.ts', 'postcss.config.mjs', 'package-lock.json'];

/** True when there is no build in `distDir`, or a source of the pages is newer than it. */
export function isBuildStale(distDir: string): boolean {
  const mark = path.join(distDir, 'BUILD_ID');
  if (!existsSync(mark)) return true;
  const builtAt = statSync(mark).mtimeMs;
  return [...SOURCES, ...CONFIG].some((source) => existsSync(source) && newestChange(source) > builtAt);
}

/** Builds the pages where needed. Throws when the build fails. */
export function ensureBuild(distDir: string = process.env.NEXT_DIST_DIR ?? '.next'): void {
  if (!isBuildStale(distDir)) return;
  console.log('Building the pages (once, and after changes) …');
  const next = path.join('node_modules', 'next', 'dist', 'bin', 'next');
  const { status } = spawnSync(process.execPath, [next, 'build'], {
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (status !== 0) throw new Error('The build failed; see above.');
}

function newestChange(file: string): number {
  const stats = statSync(file);
  if (!stats.isDirectory()) return /\.test\.tsx?$/.test(file) ? 0 : stats.mtimeMs;
  return Math.max(0, ...readdirSync(file).map((name) => newestChange(path.join(file, name))));
}
