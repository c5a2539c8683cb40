import { existsSync } from 'node:fs';
import { cacheFolder } from '../../lib/cache-folder.ts';
import { fetchModel, isHubName } from '../hub/fetch-model.ts';

/**
 * The folder that `--model` means: a local one where it exists, otherwise a model of the Hugging Face Hub by its name. The hub
 * is HF_ENDPOINT where that is set; HF_TOKEN is sent to it.
 */
export async function resolveModel(
  model: string,
  io: { note: (line: string) => void; signal: AbortSignal },
): Promise<string> {
  if (existsSync(model) || !isHubName(model)) return model;
  return fetchModel(model, {
    cache: cacheFolder(),
    endpoint: process.env.HF_ENDPOINT?.replace(/\/+$/, '') || undefined,
    token: process.env.HF_TOKEN || undefined,
    ...io,
  });
}
