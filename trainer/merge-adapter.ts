import { isRewardModel } from './model/config.ts';
import { loadAdapter } from './model/files/adapter-files.ts';
import { loadPretrained } from './model/files/load-pretrained.ts';
import type { FloatDtype } from './model/files/safetensors.ts';
import { savePretrained } from './model/files/save-pretrained.ts';
import { countParams, disposeParams } from './model/params.ts';
import { loadTokenizer } from './tokenizer/load-tokenizer.ts';

/**
 * Writes a model folder from a base and a PEFT LoRA adapter merged into it, with the base's tokenizer. Choose a backend before.
 * @throws Error naming the file and the field or tensor that does not fit
 */
export function mergeAdapter(files: {
  baseFolder: string;
  adapterFolder: string;
  out: string;
  dtype?: FloatDtype;
}): { architecture: string; parameters: number } {
  const { baseFolder, adapterFolder, out, dtype } = files;
  const base = loadPretrained(baseFolder);
  let params = base.params;
  try {
    const adapted = loadAdapter(adapterFolder, base);
    params = adapted.params;
    // a language model that becomes a reward model may have named none
    const padTokenId = isRewardModel(adapted.config)
      ? (adapted.config.padTokenId ?? loadTokenizer(baseFolder).padTokenId)
      : adapted.config.padTokenId;
    const config = { ...adapted.config, padTokenId };
    const { generationConfig } = base;
    savePretrained({ folder: out, params, config, generationConfig, tokenizerFolder: baseFolder, dtype });
    return { architecture: config.architecture, parameters: countParams(params) };
  } finally {
    disposeParams(params);
  }
}
