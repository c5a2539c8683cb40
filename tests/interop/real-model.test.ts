/** A real language model of 135M parameters: the same logits as in transformers, also after it was written here. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../lib/cache-folder.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { withNative } from '../support/tested-backends.ts';
import { pythonForTests, runPython } from '../support/with-python.ts';
import { maxDifference, relativeDifference, tokenInputs } from '../trainer/golden.ts';

const SCRIPT = fileURLToPath(new URL('interop.py', import.meta.url));
/**
 * Of the largest logit, 38 here. torch's float32 logits are 1.7e-4 away from its float64 ones, simd's 1.0e-4 and native's
 * 1.2e-4, so that 1e-4 between two of them could not be asked.
 */
const RELATIVE_TOLERANCE = 1e-5;
const python = pythonForTests();
const folder = realModel();

function realModel(): string | null {
  const path = process.env.PLUMBLINE_REAL_MODEL ?? join(cacheFolder(), 'smollm2-135m');
  if (existsSync(join(path, 'config.json'))) return path;
  if (process.env.CI === 'true')
    throw new Error(`tests need the model that ../shared/bench/smollm2.py makes, in ${path}`);
  console.warn(`skipped: no model in ${path} (../shared/bench/smollm2.py makes it)`);
  return null;
}

describe.skipIf(!python || !folder)('SmolLM2-135M-Instruct', () => {
  if (!python || !folder) return;

  it('gives the same logits as in transformers, before and after it was written here', async () => {
    const tokenizer = loadTokenizer(folder);
    const prompt = [{ role: 'user', content: 'Name 3 animals, then say why ice floats.' }] as const;
    const ids = Int32Array.from(tokenizer.encodeChat(prompt, { addGenerationPrompt: true }));
    const root = mkdtempSync(join(tmpdir(), 'real-model-'));
    const written = join(root, 'ours', 'written');
    mkdirSync(written, { recursive: true });

    const logits = new Map<string, Float32Array>();
    for (const backend of withNative(['simd'])) {
      await chooseBackend(backend);
      const { params, config, generationConfig } = loadPretrained(folder);
      const step = compile('real model', (inputs: TokenBatch) => ({
        logits: lmLogits(params, config, forwardHidden(params, config, inputs)),
      }));
      logits.set(backend, (await step(tokenInputs(ids, ids.length))).logits.data as Float32Array);
      if (backend === 'simd') {
        savePretrained({ folder: written, params, config, generationConfig, maxShardBytes: 2e8 });
      }
      disposeParams(params);
    }
    const tokens = { ids: [[...ids]], mask: [[...ids].map(() => 1)] };
    const cases = [
      { name: 'original', path: folder, reward: false },
      { name: 'written', reward: false },
    ];
    writeFileSync(join(root, 'cases.json'), JSON.stringify({ cases, tokens }));
    runPython(python, [SCRIPT, 'open', root]);
    const theirs = (name: string) =>
      readSafetensors(join(root, 'ours', `${name}.output.safetensors`)).get('logits')?.data as Float32Array;
    for (const [backend, ours] of logits) {
      expect(relativeDifference(ours, theirs('original')), backend).toBeLessThan(RELATIVE_TOLERANCE);
    }
    expect(maxDifference(theirs('written'), theirs('original'))).toBe(0);
    rmSync(root, { recursive: true });
  }, 300_000);
});
