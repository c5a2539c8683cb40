import { excerpt } from '../cut-text.ts';
import type { ReasonCode } from './parsed-row.ts';

/** JSON.parse as a value: what the line holds, or the reason why it holds nothing. */
export function parseJsonLine(
  line: string,
): { ok: true; value: unknown } | { ok: false; reason: ReasonCode; detail: string } {
  try {
    return { ok: true, value: JSON.parse(line) };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: 'malformed-json', detail: `not JSON: ${excerpt(cause, 160)}` };
  }
}
