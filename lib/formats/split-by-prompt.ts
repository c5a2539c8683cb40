import { createHash } from 'node:crypto';
import type { Message } from './parsed-row.ts';

/**
 * 'heldout' for a fixed share of prompts, decided by the content alone, so that a prompt falls on the same side in every
 * import, snapshot and run.
 *
 * The key is the first user turn, not the whole prompt: in multi-turn data the same opening comes back with longer
 * histories (4-6 % of helpful-base), and an opening seen in training must not be met again in the measurement.
 */
export function splitByPrompt(prompt: Message[], heldoutFraction = 0.2): 'train' | 'heldout' {
  if (!(heldoutFraction >= 0 && heldoutFraction <= 1)) {
    throw new RangeError(`heldoutFraction ${heldoutFraction} is not between 0 and 1`);
  }
  const opening = prompt.find((message) => message.role === 'user');
  const key = opening ? opening.content.trim() : JSON.stringify(prompt.map((m) => [m.role, m.content]));
  // 48 bits are exact in a double
  const draw = createHash('sha256').update(key, 'utf8').digest().readUIntBE(0, 6) / 2 ** 48;
  return draw < heldoutFraction ? 'heldout' : 'train';
}
