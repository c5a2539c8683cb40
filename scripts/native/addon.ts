import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findAddon } from '../../trainer/backends/graph/addon.ts';

const require = createRequire(import.meta.url);

/** The names by which the addon and the libraries look for each other, and what each is in the wheel. */
const LINKS = {
  include: 'include',
  'lib/libtensorflow.so': 'libtensorflow_cc.so.2',
  'lib/libtensorflow.so.2': 'libtensorflow_cc.so.2',
  'lib/libtensorflow_cc.so.2': 'libtensorflow_cc.so.2',
  'lib/libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  'lib/libtensorflow_framework.so.2': 'libtensorflow_framework.so.2',
};

/** Folder of the tfjs-node-gpu package, or null when npm left the optional dependency out. */
export function addonPackage(): string | null {
  try {
    return dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch {
    return null;
  }
}

/**
 * Links the unpacked wheel into the package and builds its addon, unless both are there.
 * @throws Error in one line when the package, g++ or make is missing, or the build fails
 */
export function buildAddon(wheelFolder: string): void {
  const folder = addonPackage();
  if (!folder)
    throw new Error('@tensorflow/tfjs-node-gpu is not installed: run npm install without --omit=optional');
  const isNew = linkWheel(folder, wheelFolder);
  if (!isNew && findAddon()) return;
  for (const tool of ['g++', 'make']) {
    if (spawnSync(tool, ['--version']).status !== 0)
      throw new Error(`${tool} is missing: install a C++ compiler (Debian: apt install g++ make)`);
  }
  console.log('building the addon');
  const env = { ...process.env };
  // where Node's headers lie beside it, node-gyp need not fetch them
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, 'include', 'node', 'node_api.h'))) env.npm_config_nodedir ??= prefix;
  const build = spawnSync('npm', ['run', 'build-addon-from-source'], { cwd: folder, env, encoding: 'utf8' });
  if (build.status !== 0 || !findAddon()) {
    const lines = `${build.stdout}\n${build.stderr}`.split('\n');
    const reason = lines.find((line) => /error[: ]/i.test(line)) ?? lines.at(-2) ?? '';
    throw new Error(`the addon could not be built: ${reason.trim()}`);
  }
}

/** Takes links and addon out of the package; the package itself belongs to npm. */
export function removeAddon(): void {
  const folder = addonPackage();
  if (!folder) return;
  for (const name of ['deps', 'lib', 'build']) rmSync(join(folder, name), { recursive: true, force: true });
}

/** @returns whether anything was changed */
function linkWheel(folder: string, wheelFolder: string): boolean {
  let isNew = false;
  for (const [name, file] of Object.entries(LINKS)) {
    const link = join(folder, 'deps', name);
    const target = join(wheelFolder, file);
    if (!existsSync(target))
      throw new Error(`${target} is missing: run npm run native -- --remove, then again`);
    mkdirSync(dirname(link), { recursive: true });
    const isLink = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink();
    if (isLink && readlinkSync(link) === target) continue;
    rmSync(link, { recursive: true, force: true });
    symlinkSync(target, link);
    isNew = true;
  }
  return isNew;
}
