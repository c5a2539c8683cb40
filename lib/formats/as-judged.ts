import type { JudgedRow, ParsedRow, PreferenceRow, UnpairedRow } from './parsed-row.ts';

/** A comparison as the judgment that it is. */
export function comparisonAsJudged({ chosen, rejected, ...row }: PreferenceRow): JudgedRow {
  const ranking = row.tie === 'none' ? [[0], [1]] : [[0, 1]];
  return { ...row, responses: [chosen, rejected], ranking, flags: {}, ofPrompt: null, recorded: null };
}

/** A labelled answer as the judgment that it is: of one response, which is good or not. */
export function labelAsJudged({ completion, model, sampling, isDesirable, ...row }: UnpairedRow): JudgedRow {
  return {
    ...row,
    responses: [{ text: completion, model, sampling }],
    ranking: [[0]],
    tie: isDesirable ? 'both_good' : 'both_bad',
    strength: null,
    margin: 0,
    flags: {},
    ofPrompt: null,
    recorded: null,
  };
}

/** What a format reads, as the judgment that it is. */
export function asJudged<Row>(
  parsed: ParsedRow<Row>,
  as: (row: Row) => JudgedRow,
): ParsedRow<{ kind: 'judged' } & JudgedRow> {
  return parsed.ok ? { ok: true, row: { kind: 'judged', ...as(parsed.row) } } : parsed;
}
