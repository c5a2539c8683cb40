import { sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { getRunFor, type Run } from './internal.ts';

const STEPS_PER_READ = 500;

type Row = { step: number; name: string; value: number | null };

/**
 * Every number that a run has logged as lines of CSV: a row for each step, a column for each name, an empty cell where nothing (or no
 * number) was logged. Read a few hundred steps at a time, so that a long run is never held whole. `seconds` is the time spent since the
 * first step.
 */
export function downloadMetrics({ ctx, input }: { ctx: Ctx; input: { runId: string } }): {
  fileName: string;
  lines: Generator<string>;
} {
  // before the first line: a stream that has begun can no longer say no
  const run = getRunFor(ctx, input.runId, 'runs.read');
  // ids are made here, of letters and digits
  return { fileName: `${run.id}-metrics.csv`, lines: linesOf(ctx, run) };
}

function* linesOf(ctx: Ctx, run: Run): Generator<string> {
  const names = ctx.db
    .all<{ name: string }>(
      sql`select distinct name from run_metrics where run_id = ${run.id} and step >= 0 order by name`,
    )
    .map(({ name }) => name);
  yield `${['step', 'seconds', ...names].map(cell).join(',')}\r\n`;
  let after = -1;
  let seconds = 0;
  for (;;) {
    const last = ctx.db.get<{ step: number | null }>(
      sql`select max(step) as step from (select distinct step from run_metrics where run_id = ${run.id} and step > ${after} order by step limit ${STEPS_PER_READ})`,
    )?.step;
    if (last === null || last === undefined) return;
    const rows = ctx.db.all<Row>(
      sql`select step, name, value from run_metrics where run_id = ${run.id} and step > ${after} and step <= ${last} order by step, id`,
    );
    const byStep = new Map<number, Map<string, number | null>>();
    for (const { step, name, value } of rows)
      byStep.set(step, (byStep.get(step) ?? new Map()).set(name, value));
    const lines = [...byStep].map(([step, values]) => {
      seconds += values.get('time/wall') ?? 0;
      const figures = names.map((name) => values.get(name) ?? '');
      return `${[step, Number(seconds.toFixed(3)), ...figures].join(',')}\r\n`;
    });
    yield lines.join('');
    after = last;
  }
}

/** Names are the recipes' own, and free of what a spreadsheet would take for a formula. */
function cell(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
