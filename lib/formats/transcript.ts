import type { Message } from './parsed-row.ts';

const TURN = { user: 'Human', assistant: 'Assistant', system: 'System' } as const;
const MARKER = /\r?\n\r?\n(Human|Assistant|System):/;

/** HH-RLHF's spelling of a conversation, up to and with the turn that the answer begins: "\n\nHuman: ...\n\nAssistant:". */
export function transcriptOf(prompt: readonly Message[]): string {
  return `${prompt.map(({ role, content }) => `\n\n${TURN[role]}: ${content}`).join('')}\n\nAssistant:`;
}

/** Why a conversation cannot be told from its transcript, or null when it can. */
export function transcriptProblem(prompt: readonly Message[], answers: readonly string[]): string | null {
  if (prompt.some((message) => message.role === 'system')) return 'system-message';
  if (prompt[0]?.role !== 'user') return 'not-begun-by-human';
  // somebody's text that looks like a turn would become one
  const texts = [...prompt.map((message) => message.content), ...answers];
  return texts.some((text) => MARKER.test(text)) ? 'turn-marker-in-text' : null;
}
