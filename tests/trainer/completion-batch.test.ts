import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { completionLogProbs } from '../../trainer/model/completion-log-probs.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { completionBatch } from '../../trainer/recipes/batches/completion-batch.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import { tf } from '../../trainer/tensors/tf.ts';
import { withNative } from '../support/tested-backends.ts';
import { writeTinyModel } from './tiny-world.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-completions-'));
  await writeTinyModel(join(folder, 'model'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = [
  { promptIds: [5, 6, 7, 8, 9, 10, 11], responseIds: [12, 13, 2] },
  { promptIds: [5, 6, 7, 8, 9, 10, 11], responseIds: [12, 14, 15, 16, 2] },
  { promptIds: [20], responseIds: [2] },
];

/** log pi of one row by itself, on plain logits. */
function alone(model: ReturnType<typeof loadPretrained>, { promptIds, responseIds }: (typeof rows)[number]) {
  const ids = [...promptIds, ...responseIds];
  return tf.tidy(() => {
    const row = (values: number[]) => tf.tensor2d([values], [1, values.length], 'int32');
    const batch = { idsBT: row(ids), maskBT: row(ids.map(() => 1)), positionsBT: row(ids.map((_, t) => t)) };
    const logits = lmLogits(model.params, model.config, forwardHidden(model.params, model.config, batch));
    const logProbs = tf.logSoftmax(logits).arraySync() as number[][];
    return responseIds.reduce((sum, id, t) => sum + (logProbs[promptIds.length + t - 1]?.[id] as number), 0);
  });
}

it.each(withNative(['cpu', 'simd']))(
  'sums each completion’s log-probabilities, padded and packed, on %s',
  async (name) => {
    await chooseBackend('cpu');
    const oracle = loadPretrained(join(folder, 'model'));
    const expected = rows.map((row) => alone(oracle, row));
    disposeParams(oracle.params);
    await chooseBackend(name);
    const model = loadPretrained(join(folder, 'model'));
    const read = compile('completions', (inputs: Parameters<typeof completionLogProbs>[1]) => {
      const { logProbsS } = completionLogProbs(model, inputs, { recompute: false });
      return { logProbsS };
    });
    for (const pack of [false, true]) {
      const { logProbsS } = await read(completionBatch(rows, { padTokenId: 0, pack }));
      expected.forEach((value, s) => {
        expect(Math.abs((logProbsS.data[s] as number) - value)).toBeLessThan(1e-4);
      });
    }
    disposeParams(model.params);
  },
);
