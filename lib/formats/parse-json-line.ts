import { excerpt } from '../cut-text.ts';
import type { ReasonCode } from './parsed-row.ts';

/** JSON.parse as a value: what the line holds, or the reason why it holds nothing. */
export function parseJsonLine(
  line: string,
): { ok: true; value: unknown } | { ok: false; reason: ReasonCode; detail: string } {
  try {
    return { ok: true, value: JSON.parse(line) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // it quotes the text around the fault, cut anywhere
    const cause = said.replace(/\p{Surrogate}/gu, '\ufffd');
    return { ok: false, reason: 'malformed-json', detail: `not JSON: ${excerpt(cause, 160)}` };
  }
}
