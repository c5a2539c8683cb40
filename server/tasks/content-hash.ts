import { createHash } from 'node:crypto';
import type { Message } from '../../db/schema/prompts.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { excerpt } from '../../lib/cut-text.ts';
import { isWellFormed } from '../../lib/well-formed.ts';

/** Throws for text that SQLite would give back as another one: the door (lib/well-formed.ts) lets none in. */
function sha256(text: string): string {
  if (!isWellFormed(text)) throw new TypeError(`text with half of a surrogate pair: "${excerpt(text)}"`);
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Hash of a prompt: the same messages are one prompt, whichever file they come from. Other keys of a message are left out. */
export function promptHash(messages: readonly Message[]): string {
  return sha256(canonicalJson(messages.map(({ role, content }) => ({ role, content }))));
}

export function responseHash(content: string): string {
  return sha256(content);
}

/** Hash of a question: the same responses to the same prompt are asked once, in whatever order they are named. */
export function taskHash(promptId: string, responseIds: readonly string[]): string {
  return sha256(canonicalJson({ promptId, responseIds: [...responseIds].sort() }));
}
