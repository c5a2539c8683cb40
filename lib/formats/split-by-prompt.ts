import { createHash } from 'node:crypto';
import type { JsonValue, Message } from './parsed-row.ts';

/**
 * 'heldout' for a fixed share of prompts, decided by the content alone, so that a prompt falls on the same side in every
 * import, snapshot and run.
 *
 * The key is the first user turn, not the whole prompt: in multi-turn data the same opening comes back with longer
 * histories (4-6 % of helpful-base), and an opening seen in training must not be met again in the measurement.
 */
export function splitByPrompt(prompt: Message[], heldoutFraction = 0.2): 'train' | 'heldout' {
  return splitByKey(openingOf(prompt), heldoutFraction);
}

/**
 * The same for a row of a file. Where its column `split_group` names a group, that is the key in place of the text: rows that ask
 * the same in other words stay together.
 */
export function splitByRow(row: SplitRow, heldoutFraction = 0.2): 'train' | 'heldout' {
  return splitByKey(splitGroupOf(row) ?? openingOf(row.prompt), heldoutFraction);
}

type SplitRow = { prompt: readonly Message[]; metadata?: Record<string, JsonValue> };

/** What the row's file names its group; null where it does not. */
function splitGroupOf({ metadata }: SplitRow): string | null {
  const group = metadata?.split_group;
  return typeof group === 'string' || typeof group === 'number' ? String(group) : null;
}

/** What decides the side of a prompt: its first user turn without the blanks around it, or all of it where nobody speaks. */
function openingOf(prompt: readonly Message[]): string {
  const opening = prompt.find((message) => message.role === 'user');
  return opening ? opening.content.trim() : JSON.stringify(prompt.map((m) => [m.role, m.content]));
}

/** The side of everything that has this key. @throws RangeError for a fraction outside [0, 1] */
export function splitByKey(key: string, heldoutFraction: number): 'train' | 'heldout' {
  if (!(heldoutFraction >= 0 && heldoutFraction <= 1)) {
    throw new RangeError(`heldoutFraction ${heldoutFraction} is not between 0 and 1`);
  }
  // 48 bits are exact in a double
  const draw = createHash('sha256').update(key, 'utf8').digest().readUIntBE(0, 6) / 2 ** 48;
  return draw < heldoutFraction ? 'heldout' : 'train';
}
