/**
 * Measured peak memory of whole runs beside what the estimate says of them: each work of memory-works.ts for some steps with a
 * checkpoint and an evaluation, in a process of its own as the worker starts it. Linux only.
 *
 * `npx tsx scripts/experiments/memory-estimate.ts [--backend native] [--model <folder of SmolLM2-135M-Instruct>] [--only <part of a name>]`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../lib/cache-folder.ts';
import { runInProcess } from '../../server/worker/handlers/run-in-process.ts';
import { parseConfig } from '../../trainer/config/recipes.ts';
import { templateTokens } from '../../trainer/cost/data-size.ts';
import { isMemoryBackend } from '../../trainer/cost/run-memory.ts';
import { loadModelConfig } from '../../trainer/model/files/load-pretrained.ts';
import type { RecipeTask } from '../../trainer/recipes/start.ts';
import { estimateOf, MEMORY_WORKS, type MemoryWork, TOY_REWARD_MODEL } from './memory-works.ts';

const MEBIBYTE = 2 ** 20;
const TOY = fileURLToPath(new URL('../../trainer/bundled/toy-sft', import.meta.url));

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'native' },
    model: { type: 'string', default: join(cacheFolder(), 'smollm2-135m') },
    only: { type: 'string', default: '' },
  },
});
const { backend } = values;
if (!isMemoryBackend(backend)) throw new Error(`--backend ${backend}: expected native or simd`);
const asksForPpo = MEMORY_WORKS.some(({ recipe, name }) => recipe === 'ppo' && name.includes(values.only));
const root = mkdtempSync(join(tmpdir(), 'memory-'));
// a frozen reference is to be measured, not found
process.env.PLUMBLINE_CACHE = join(root, 'cache');
const modelOf = ({ model }: MemoryWork) =>
  model === null ? null : { toy: TOY, '135M': values.model }[model];
const outOf = ({ name }: Pick<MemoryWork, 'name'>) => join(root, name.replaceAll(/\W+/g, '-'));

console.log('| run | measured, MiB | estimated, MiB | estimated / measured |\n|---|---|---|---|');
try {
  for (const work of MEMORY_WORKS) {
    const isAsked = work.name.includes(values.only);
    const isNeeded = work.name === TOY_REWARD_MODEL && asksForPpo;
    if (!isAsked && !isNeeded) continue;
    const measured = await peakOf(work);
    const model = modelOf(work);
    const config = model === null ? null : loadModelConfig(model);
    const aroundPrompt = model === null || config === null ? 0 : templateTokens(model, config.vocabSize);
    const estimated = estimateOf(work, { model: config, aroundPrompt, backend });
    const cells = [measured, estimated].map((bytes) => (bytes / MEBIBYTE).toFixed(0));
    if (isAsked)
      console.log(`| ${work.name} | ${cells.join(' | ')} | ${(estimated / measured).toFixed(2)} |`);
    if (work.name !== TOY_REWARD_MODEL) rmSync(outOf(work), { recursive: true });
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** The most memory that the process of a run has held, in bytes. */
async function peakOf(work: MemoryWork): Promise<number> {
  const { recipe, options, data } = work;
  const reward = recipe === 'ppo' ? join(outOf({ name: TOY_REWARD_MODEL }), 'final') : null;
  const folders = { model: modelOf(work), reward, out: outOf(work), resumeFrom: null };
  const task = { recipe, config: parseConfig(recipe, options), backend, folders, data } as RecipeTask;
  let peak = 0;
  await runInProcess(
    { kind: 'recipe', task },
    {
      lost: new AbortController().signal,
      onMessage() {
        // it waits for the answer, so it is there to be asked
        peak = peakRssBytes(theChild());
        return { abort: false };
      },
    },
  );
  return peak;
}

/** The process of the run: the only one that this process starts. */
function theChild(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(/\s+/).at(-1));
}

function peakRssBytes(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!found) throw new Error(`/proc/${pid}/status has no VmHWM`);
  return Number(found[1]) * 1024;
}
