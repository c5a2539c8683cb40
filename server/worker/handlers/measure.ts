import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRng } from '../../../lib/rng.ts';
import { chooseBackend } from '../../../trainer/backends/choose.ts';
import { sftSchema } from '../../../trainer/config/sft.ts';
import { createGenerator } from '../../../trainer/generate.ts';
import { loadPretrained } from '../../../trainer/model/files/load-pretrained.ts';
import { countParams, disposeParams } from '../../../trainer/model/params.ts';
import { sft } from '../../../trainer/recipes/sft/recipe.ts';
import { loadTokenizer } from '../../../trainer/tokenizer/load-tokenizer.ts';
import { stopIds } from '../../../trainer/tokenizer/stop-ids.ts';
import type { Benchmark, BenchmarkTask } from './process-task.ts';

const BATCH = 32;
const STEPS = 6;
const NEW_TOKENS = 32;
const SENTENCE = 'The quick brown fox jumps over the lazy dog and goes home before the evening comes. ';

/**
 * How fast this machine is: a few steps of the real SFT recipe on the bundled model, the first two left out as warm-up, and
 * one batch of generation. The weights it trains are thrown away.
 */
export async function measure({ backend, modelFolder }: BenchmarkTask): Promise<Benchmark> {
  const name = await chooseBackend(backend ?? undefined);
  const outFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-benchmark-'));
  try {
    const tokenizer = loadTokenizer(modelFolder);
    const examples = Array.from({ length: BATCH * STEPS }, (_, i) => ({
      prompt: [{ role: 'user' as const, content: `Say number ${i}.` }],
      completion: SENTENCE,
      split: 'train' as const,
    }));
    const config = sftSchema.parse({ batchSize: BATCH, runtime: { checkpointEvery: 1000, evalEvery: 1000 } });
    const tokensPerStep =
      BATCH *
      tokenizer.encodeChat([
        { role: 'user', content: 'Say number 10.' },
        { role: 'assistant', content: SENTENCE },
      ]).length;
    const stepSeconds: number[] = [];
    const signal = new AbortController().signal;
    const folders = { model: modelFolder, reward: null, out: outFolder, resumeFrom: null };
    const run = sft({ config, backend: name, folders, data: { examples }, signal });
    for await (const event of run) {
      if (event.type === 'step') stepSeconds.push(Object.values(event.seconds).reduce((a, b) => a + b, 0));
    }
    const warm = stepSeconds.slice(2);
    if (warm.length === 0)
      throw new Error(`benchmark: ${stepSeconds.length} steps were run, 3 or more are needed`);
    const meanStep = warm.reduce((a, b) => a + b, 0) / warm.length;

    const { params, config: model, generationConfig } = loadPretrained(modelFolder);
    const generator = createGenerator({ params, config: model });
    try {
      const prompt = tokenizer.encodeChat([{ role: 'user', content: 'Name three animals.' }], {
        addGenerationPrompt: true,
      });
      const draw = () =>
        generator.generate({
          promptIds: Array.from({ length: BATCH }, () => prompt),
          maxNewTokens: NEW_TOKENS,
          minNewTokens: NEW_TOKENS,
          temperature: 1,
          rng: createRng(1, 'benchmark'),
          eosTokenIds: stopIds(tokenizer, generationConfig),
          padTokenId: tokenizer.padTokenId,
        });
      await draw();
      const startedAt = performance.now();
      await draw();
      const seconds = (performance.now() - startedAt) / 1000;
      return {
        backend: name,
        numParameters: countParams(params),
        trainTokensPerSecond: tokensPerStep / meanStep,
        generateTokensPerSecond: (BATCH * NEW_TOKENS) / seconds,
      };
    } finally {
      generator.dispose();
      disposeParams(params);
    }
  } finally {
    rmSync(outFolder, { recursive: true, force: true });
  }
}
