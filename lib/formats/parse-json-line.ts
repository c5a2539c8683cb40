import { excerpt } from '../cut-text.ts';
import type { ReasonCode } from './parsed-row.ts';
import { scanJson } from './scan-json.ts';

/**
 * JSON.parse as a value: what the line holds, or the reason why it holds nothing. Refused too is an object with a key twice, of
 * which one value would vanish. Whole numbers of more digits than a number keeps (ids, mostly) come as texts of their digits.
 */
export function parseJsonLine(
  line: string,
): { ok: true; value: unknown } | { ok: false; reason: ReasonCode; detail: string } {
  try {
    const value: unknown = JSON.parse(line);
    const { repeatedKey, longNumbers } = scanJson(line);
    if (repeatedKey !== null) {
      const detail = `the key "${excerpt(repeatedKey, 60)}" stands twice in one object; expected each key once`;
      return { ok: false, reason: 'malformed-json', detail };
    }
    return { ok: true, value: longNumbers.length === 0 ? value : JSON.parse(quoted(line, longNumbers)) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // it quotes the text around the fault, cut anywhere
    const cause = said.replace(/\p{Surrogate}/gu, '\ufffd');
    return { ok: false, reason: 'malformed-json', detail: `not JSON: ${excerpt(cause, 160)}` };
  }
}

function quoted(line: string, places: readonly { from: number; to: number }[]): string {
  let text = '';
  let done = 0;
  for (const { from, to } of places) {
    text += `${line.slice(done, from)}"${line.slice(from, to)}"`;
    done = to;
  }
  return text + line.slice(done);
}
