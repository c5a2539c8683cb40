import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import type { SnapshotCounts } from '../../db/schema/snapshots.ts';
import type { Ctx } from '../context.ts';
import { type previewSnapshotInput, queryOf } from './schemas.ts';
import { newestRow, openSelection } from './select-judgments.ts';

/** One short read. */
const PAGE = 500;
/** A call answers after about so long, however many judgments there are. */
const BUDGET_MS = 250;

export type Preview = Required<SnapshotCounts> & {
  /** judgments that were looked at in this call */
  looked: number;
  /** ask again with it for the next ones, and add up; null at the end */
  cursor: string | null;
  /** the time up to which the query goes: give it with the cursor, so that all parts agree */
  until: number;
};

/** What a snapshot of this query would keep and leave out, by reason, for as many judgments as a quarter of a second is enough for. */
export async function previewSnapshot({
  ctx,
  input: { projectId, cursor, ...asked },
}: {
  ctx: Ctx;
  input: z.output<typeof previewSnapshotInput>;
}): Promise<Preview> {
  const query = queryOf(asked, ctx.now());
  const selection = openSelection(ctx, { projectId, query, upTo: newestRow(ctx) });
  const preview: Preview = {
    ...{ kept: 0, dropped: {}, bySource: {}, looked: 0, cursor: cursor ?? '', until: query.until },
  };
  const deadline = performance.now() + BUDGET_MS;
  do {
    const page = selection.page(preview.cursor ?? '', PAGE);
    for (const { source, reason } of page) {
      if (reason === null) {
        preview.kept += 1;
        preview.bySource[source] = (preview.bySource[source] ?? 0) + 1;
      } else preview.dropped[reason] = (preview.dropped[reason] ?? 0) + 1;
    }
    preview.looked += page.length;
    preview.cursor = page.length < PAGE ? null : (page.at(-1)?.id ?? null);
    await nextTurn();
  } while (preview.cursor !== null && performance.now() < deadline);
  return preview;
}
