import type { importFormats } from '@/server/imports/schemas.ts';

export type ImportFormat = keyof typeof importFormats;

/**
 * What a file most likely is, from its name and its first line; null when nothing speaks for any format. Only a
 * suggestion: the person sees and may change it.
 */
export function guessFormat(fileName: string, firstLine: string): ImportFormat | null {
  const name = fileName.toLowerCase().replace(/\.gz$/, '');
  if (name.endsWith('.csv')) return 'csv';
  if (name.endsWith('.txt')) return 'prompts';
  let row: unknown;
  try {
    row = JSON.parse(firstLine);
  } catch {
    // not JSONL, or a compressed or cut first line
    return name.endsWith('.jsonl') || name.endsWith('.json') ? guessByName(name) : null;
  }
  if (typeof row !== 'object' || row === null) return null;
  const { chosen, rejected } = row as Record<string, unknown>;
  if (chosen !== undefined && rejected !== undefined) {
    const isTranscript = typeof chosen === 'string' && /^\s*Human:/.test(chosen) && !('prompt' in row);
    return isTranscript ? 'hh-rlhf' : 'trl-preference';
  }
  return 'prompt' in row || 'messages' in row ? 'prompts' : null;
}

function guessByName(name: string): ImportFormat | null {
  return /hh|helpful|harmless/.test(name) ? 'hh-rlhf' : null;
}
