import { z } from 'zod';
import type { AuditRecord } from '../../db/audit/append-record.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { ASK_ACTION, DONE_ACTION } from '../erasures/internal.ts';

const MAX_KEPT = 1000;
const asked = z.object({ erasure: z.string(), kind: z.string(), reason: z.string() });
const done = z.object({ erasure: z.string() });

/** Watches the chain go by for what was erased on purpose: a row that was emptied without such a record differs from its digest. */
export function collectErased(): {
  onRecord: (record: AuditRecord) => void;
  /** in words */
  list: string[];
  /** those that were asked for and are not done yet */
  open: () => string[];
} {
  const list: string[] = [];
  const waiting = new Map<string, string>();
  return {
    list,
    open: () =>
      [...waiting.values()].map((what) => `${what}, which is being erased: it may be there in part still`),
    onRecord: ({ action, subject, actor, at, seq, payload }) => {
      if (action !== ASK_ACTION && action !== DONE_ACTION) return;
      const said = parseJson(payload);
      if (action === DONE_ACTION) {
        waiting.delete(done.safeParse(said).data?.erasure ?? '');
        return;
      }
      const { data } = asked.safeParse(said);
      if (!data) return;
      waiting.set(data.erasure, `${data.kind} ${subject}`);
      if (list.length < MAX_KEPT)
        list.push(
          `${data.kind} ${subject}, ${new Date(at).toISOString()}, by ${actor}: ${data.reason} (audit record ${seq})`,
        );
    },
  };
}
