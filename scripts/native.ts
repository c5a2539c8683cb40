/**
 * `npm run native`: installs TensorFlow as a faster backend. Takes the TensorFlow wheel through pip into a cache folder
 * (PLUMBLINE_CACHE, otherwise ~/.cache/plumbline), builds the addon of @tensorflow/tfjs-node-gpu against it, and tests the
 * result. What is done already is not done again. The simd backend needs none of it and goes on working.
 * Options: --cuda takes the CUDA build, --remove takes all of it away.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../lib/cache-folder.ts';
import { buildAddon, removeAddon } from './native/addon.ts';
import type { SelfTestResult } from './native/self-test.ts';
import { prepareWheel, wheelFolder } from './native/wheel.ts';

const SELF_TEST = fileURLToPath(new URL('native/self-test.ts', import.meta.url));

const cache = cacheFolder();

try {
  const { values } = parseArgs({
    options: { cuda: { type: 'boolean', default: false }, remove: { type: 'boolean', default: false } },
  });
  if (values.remove) remove();
  else install(values.cuda);
} catch (error) {
  const reason = (error as Error).message.trim().replace(/\s*\n\s*/g, '; ');
  console.error(`native: ${reason} (the simd backend works without it)`);
  process.exitCode = 1;
}

function remove(): void {
  removeAddon();
  for (const cuda of [false, true]) rmSync(wheelFolder(cache, cuda), { recursive: true, force: true });
  rmSync(join(cache, 'native', 'pip'), { recursive: true, force: true });
  console.log('native: removed; the simd backend stays');
}

function install(cuda: boolean): void {
  const { folder, libraryFolders } = prepareWheel({ cache, cuda });
  buildAddon(folder);
  const env: NodeJS.ProcessEnv = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  if (libraryFolders.length > 0) {
    env.LD_LIBRARY_PATH = [...libraryFolders, env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  }
  const backend = cuda ? 'cuda' : 'native';
  // in a process of its own: libraries are looked up where it starts, and a crash would be a line here too
  const test = spawnSync(process.execPath, ['--import', 'tsx', SELF_TEST, backend], {
    env,
    encoding: 'utf8',
  });
  if (test.status !== 0) {
    const reason = test.stderr.split('\n').find((line) => /Error: /.test(line)) ?? `ended by ${test.signal}`;
    throw new Error(`the self-test failed: ${reason.replace(/^.*?Error: /, '')}`);
  }
  const result = JSON.parse(test.stdout.trim().split('\n').at(-1) as string) as SelfTestResult;
  const { version, device, native, simd, bfloat16, checks } = result;
  console.log(
    `native: ok, TensorFlow ${version} on ${device}; checked ${checks.join(', ')}; matmul ${native} GFLOP/s, in bfloat16 ${bfloat16}, simd ${simd}`,
  );
  if (libraryFolders.length > 0)
    console.log(`start Plumbline with LD_LIBRARY_PATH=${libraryFolders.join(delimiter)}`);
}
