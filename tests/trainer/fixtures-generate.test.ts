/** Greedy generation with the cache against transformers' generate. */
import { describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { generate } from '../../trainer/generate.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { sharedPath } from '../support/shared-data.ts';
import { withNative } from '../support/tested-backends.ts';
import { readGolden } from './golden.ts';

const TIME = 24;
const PROMPT = 8;
const backends = withNative(['cpu', 'simd']);

describe.each(['tiny-llama', 'tiny-gpt2'])('%s', (name) => {
  const folder = sharedPath('spec', 'fixtures', name);
  const golden = readGolden(`${name}.lm`);
  it.skipIf(!folder || !golden).each(backends)(
    'continues 8 tokens greedily as transformers does, on %s',
    async (backend) => {
      if (!folder || !golden) return;
      await chooseBackend(backend);
      const { params, config, generationConfig } = loadPretrained(folder);
      const expected = golden.ints('greedy_sequences_from_first8');
      const rows = [0, 1].map((row) => Array.from(expected.subarray(row * TIME, (row + 1) * TIME)));
      const { responses } = await generate({
        params,
        config,
        promptIds: rows.map((row) => row.slice(0, PROMPT)),
        maxNewTokens: TIME - PROMPT,
        temperature: 0,
        rng: createRng(1, 'sampling'),
        eosTokenIds: generationConfig.eosTokenIds,
        padTokenId: 0,
      });
      const padded = responses.map((row) => [
        ...row,
        ...new Array<number>(TIME - PROMPT - row.length).fill(0),
      ]);
      expect(padded).toEqual(rows.map((row) => row.slice(PROMPT)));
      disposeParams(params);
    },
  );
});
