import { createHash } from 'node:crypto';
import { setImmediate as otherWork } from 'node:timers/promises';
import { createRng } from '../../../lib/rng.ts';
import { chooseBackend } from '../../../trainer/backends/choose.ts';
import { createGenerator } from '../../../trainer/generate.ts';
import { loadPretrained } from '../../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../../trainer/model/params.ts';
import { encodePrompt, type Refusal, refusalNotice } from '../../../trainer/tokenizer/encode-prompt.ts';
import { loadTokenizer } from '../../../trainer/tokenizer/load-tokenizer.ts';
import { stopIds, withoutStop } from '../../../trainer/tokenizer/stop-ids.ts';
import type { GeneratedBatch, GenerateTask } from './process-task.ts';

const ROWS_PER_BATCH = 32;

/** Seed of one response: depends on the job's seed, the prompt and the repetition, not on the batch it happened to be in. */
export function responseSeed(seed: number, promptId: string, repetition: number): number {
  return createHash('sha256').update(`${seed}/${promptId}/${repetition}`).digest().readUInt32LE(0);
}

/** Answers every prompt `responsesPerPrompt` times, batch by batch; each response can be drawn again from its own seed. */
export async function* generateResponses(task: GenerateTask): AsyncGenerator<GeneratedBatch> {
  await chooseBackend(task.backend ?? undefined);
  const { modelFolder, temperature, maxNewTokens } = task;
  const { params, config, generationConfig } = loadPretrained(modelFolder);
  const generator = createGenerator({ params, config });
  const tokenizer = loadTokenizer(modelFolder);
  try {
    const refused: Refusal[] = [];
    const rows = task.prompts
      .flatMap(({ id, messages }) => {
        const ids = encodePrompt(tokenizer, { prompt: messages, at: `prompt ${id}` }, refused);
        if (ids === null) return [];
        return Array.from({ length: task.responsesPerPrompt }, (_, repetition) => ({
          promptId: id,
          ids,
          seed: responseSeed(task.seed, id, repetition),
        }));
      })
      // rows of like length share a batch, so little is padding; the seed keeps the draws the same
      .sort((a, b) => a.ids.length - b.ids.length);
    const refusal = refusalNotice(refused, task.prompts.length);
    if (refusal && rows.length === 0) throw new Error(`nothing to answer: ${refusal}`);
    if (refusal) yield { responses: [], refused: { count: refused.length, notice: refusal } };
    for (let start = 0; start < rows.length; start += ROWS_PER_BATCH) {
      const batch = rows.slice(start, start + ROWS_PER_BATCH);
      const seeds = batch.map((row) => row.seed);
      const rng = createRng(task.seed, 'generate');
      const { responses, ended } = await generator.generate({
        promptIds: batch.map((row) => row.ids),
        maxNewTokens,
        temperature,
        rng: { ...rng, fork: () => createRng(seeds.shift() ?? 0, 'response') },
        eosTokenIds: stopIds(tokenizer, generationConfig),
        padTokenId: tokenizer.padTokenId,
      });
      const written = batch.map(({ promptId, seed }, row) => ({
        promptId,
        seed,
        content: tokenizer.decode(withoutStop(responses[row] ?? [], ended[row] ?? false)).trim(),
        ended: ended[row] ?? false,
      }));
      yield { responses: written, refused: null };
      await otherWork();
    }
  } finally {
    generator.dispose();
    disposeParams(params);
  }
}
