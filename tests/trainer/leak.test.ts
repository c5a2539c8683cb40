/** 200 training steps with an answer generated after each: tensors of tfjs and of TensorFlow, and the process, stop growing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { loadAddon } from '../../trainer/backends/graph/addon.ts';
import { createGenerator } from '../../trainer/generate.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { tf } from '../../trainer/tensors/tf.ts';
import { withNative } from '../support/tested-backends.ts';
import { tinySft } from './tiny-configs.ts';
import { foldersOf, sftExamples, writeTinyModel } from './tiny-world.ts';

const STEPS = 200;
/** shapes are traced and heaps have grown by then */
const WARM = 60;
const GROWTH_MB = 40;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-leak-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(withNative(['simd']))('on %s', (backend) => {
  it(`${STEPS} steps and answers`, { timeout: 300_000 }, async () => {
    await chooseBackend(backend);
    const modelFolder = await writeTinyModel(join(folder, backend, 'base'));
    const { params, config } = loadPretrained(modelFolder);
    const generator = createGenerator({ params, config });
    const examples = sftExamples.slice(0, 4);
    const seen: { tensors: number; native: number; rss: number }[] = [];
    for await (const event of sft({
      config: { ...tinySft, epochs: STEPS, runtime: { ...tinySft.runtime, checkpointEvery: 1000 } },
      ...{ backend, data: { examples } },
      folders: foldersOf({ model: modelFolder, out: join(folder, backend, 'out') }),
      signal: new AbortController().signal,
    })) {
      if (event.type !== 'step') continue;
      await generator.generate({
        promptIds: [[1, 2, 3]],
        maxNewTokens: 8,
        minNewTokens: 8,
        temperature: 1,
        rng: createRng(event.step, 'leak'),
        eosTokenIds: [config.eosTokenIds[0] as number],
        padTokenId: 0,
      });
      const native = backend === 'native' ? loadAddon().getNumOfTensors() : 0;
      seen.push({ tensors: tf.memory().numTensors, native, rss: process.memoryUsage().rss / 2 ** 20 });
    }
    generator.dispose();
    disposeParams(params);
    expect(seen).toHaveLength(STEPS);
    const late = seen.slice(WARM);
    expect(new Set(late.map(({ tensors }) => tensors)).size).toBe(1);
    expect(new Set(late.map(({ native }) => native)).size).toBe(1);
    const growth = (late.at(-1)?.rss ?? 0) - (late[0]?.rss ?? 0);
    console.log(`${backend}: ${growth.toFixed(1)} MB more after step ${STEPS} than after step ${WARM}`);
    expect(growth).toBeLessThan(GROWTH_MB);
  });
});
