/** Folders written here hold what transformers wrote for the same model: its config keys, its tensors, its metadata. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { readSafetensors } from '../../trainer/model/files/safetensors.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { sharedPath } from '../support/shared-data.ts';

const fixtures = sharedPath('spec', 'fixtures');
/** written by transformers about itself */
const OF_THE_LIBRARY = [
  'transformers_version',
  '_from_model_config',
  'output_attentions',
  'output_hidden_states',
  'use_cache',
  // of GPT2DoubleHeadsModel alone
  'summary_activation',
  'summary_first_dropout',
  'summary_proj_to_labels',
  'summary_type',
  'summary_use_proj',
];

const readJson = (path: string): Record<string, unknown> => {
  const json = JSON.parse(readFileSync(path, 'utf8'));
  for (const key of OF_THE_LIBRARY) delete json[key];
  return json;
};

describe.skipIf(!fixtures)('model folders', () => {
  it.each(['tiny-llama', 'tiny-gpt2', 'tiny-llama-rm'])(
    '%s is saved as transformers saves it',
    async (name) => {
      await chooseBackend('cpu');
      const source = join(fixtures as string, name);
      const folder = mkdtempSync(join(tmpdir(), 'fixtures-'));
      const { params, config, generationConfig } = loadPretrained(source);
      savePretrained({ folder, params, config, generationConfig });
      disposeParams(params);

      expect(readJson(join(folder, 'config.json'))).toMatchObject(readJson(join(source, 'config.json')));
      const generation = join(source, 'generation_config.json');
      expect(existsSync(join(folder, 'generation_config.json'))).toBe(existsSync(generation));
      if (existsSync(generation))
        expect(readJson(join(folder, 'generation_config.json'))).toEqual(readJson(generation));
      const weights = join(folder, 'model.safetensors');
      expect(readSafetensors(weights)).toEqual(readSafetensors(join(source, 'model.safetensors')));
      // transformers refuses a file that does not say so
      expect(readFileSync(weights).subarray(8, 200).toString()).toContain('"__metadata__":{"format":"pt"}');
      rmSync(folder, { recursive: true });
    },
  );
});
