import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';
import { numParametersOf } from '../../../trainer/cost/model-size.ts';
import { isRewardModel, type ModelConfig } from '../../../trainer/model/config.ts';
import { checkAdapterFolder } from '../../../trainer/model/files/adapter-files.ts';
import { checkModelFolder } from '../../../trainer/model/files/load-pretrained.ts';
import { encodePrompt, type Refusal } from '../../../trainer/tokenizer/encode-prompt.ts';
import { loadTokenizer } from '../../../trainer/tokenizer/load-tokenizer.ts';
import type { Inspection, InspectTask } from './process-task.ts';

const ARCHITECTURES = {
  'language-model': 'LlamaForCausalLM or GPT2LMHeadModel',
  'reward-model': 'LlamaForSequenceClassification or GPT2ForSequenceClassification with one label',
} as const;

/**
 * Checks what can be checked of a gathered folder without reading a weight: config.json field by field, the headers of the weight
 * files, tokenizer and chat template, whether it would fit into memory.
 * @throws Error that names the file, and what was found and expected in it
 */
export function inspectModel({ folder, kind, baseFolder }: InspectTask): Inspection {
  if (kind === 'adapter') {
    if (baseFolder === null) throw new Error('an adapter was given without the checkpoint it was trained on');
    const base = checkModelFolder(baseFolder);
    checkAdapterFolder(folder, base);
    return { kind, architecture: base.architecture, parameters: requireMemory(base) };
  }
  if (!existsSync(path.join(folder, 'config.json')) && existsSync(path.join(folder, 'adapter_config.json')))
    throw new Error(
      'adapter_config.json without config.json: this is an adapter; add it as one, with the checkpoint it was trained on',
    );
  const config = checkModelFolder(folder);
  const found = isRewardModel(config) ? 'reward-model' : 'language-model';
  if (kind !== null && kind !== found)
    throw new Error(
      `config.json: architectures is "${config.architecture}", expected ${ARCHITECTURES[kind]} for a ${kind}`,
    );
  const parameters = requireMemory(config);
  checkTalk(folder, config);
  if (found === 'reward-model' && config.padTokenId === null)
    throw new Error(
      'config.json: pad_token_id is null, expected an id: transformers scores the wrong token of a padded row without it',
    );
  return { kind: found, architecture: config.architecture, parameters };
}

/** The template is rendered and its ids are in the model's vocabulary; the tokenizer's own checks say what is missing. */
function checkTalk(folder: string, { vocabSize }: ModelConfig): void {
  const refused: Refusal[] = [];
  const ids = encodePrompt(loadTokenizer(folder), { prompt: [{ role: 'user', content: 'Hello' }] }, refused);
  if (ids === null)
    throw new Error(
      `the chat template refuses a conversation of one user's "Hello", expected its text: ${refused[0]?.reason}`,
    );
  const outside = ids.find((id) => id >= vocabSize);
  if (outside !== undefined)
    throw new Error(
      `tokenizer.json: the chat template gives token ${outside}, config.json says vocab_size ${vocabSize}`,
    );
  if (ids.length === 0)
    throw new Error('the chat template makes nothing of a conversation, expected some text');
}

/** Weights are held as float32 while a model runs. @returns the number of parameters */
function requireMemory(config: ModelConfig): number {
  const parameters = numParametersOf(config);
  const needed = 4 * parameters;
  if (needed > totalmem())
    throw new Error(
      `${parameters} parameters take ${gigabytes(needed)} GB as float32, this machine has ${gigabytes(totalmem())} GB`,
    );
  return parameters;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
