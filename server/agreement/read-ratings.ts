import type { JUDGMENT_SOURCES } from '../../db/schema/judgments.ts';
import type { Ctx } from '../context.ts';

export type JudgmentSource = (typeof JUDGMENT_SOURCES)[number];

/** What one person said of a pair of responses. */
export type PairRating = {
  rater: string;
  taskId: string;
  /** above 0: the second of the pair's responses (by id) is better; its size is the strength where one was given, else 1 */
  value: number;
  hasStrength: boolean;
};
/** A pair of responses to one prompt that somebody judged, and what hangs together with it: all pairs of the same responses. */
export type RatedPair = { pair: string; cluster: string; ratings: PairRating[] };

export type RatingsRead = {
  /** judgments that counted */
  judgments: number;
  /** and that did not, by reason */
  leftOut: { notRankable: number; nobodyNamed: number; superseded: number };
};

type Row = {
  promptId: string;
  taskId: string;
  ranking: string;
  strength: number | null;
  shownOrder: string;
  notRankable: number;
  annotatorId: string | null;
  importId: string | null;
  annotator: string | null;
  submittedAt: number;
  place: number;
};

/**
 * Every pair of responses that people of a project judged, prompt after prompt; the database holds a statement open as long as one reads.
 * Of somebody's corrections, and of what they said twice of the same responses, the last counts. Imported rows count for whoever
 * the file names; those of nobody cannot be told apart, and are left out.
 */
export function* readRatings(
  { db }: Pick<Ctx, 'db'>,
  { projectId, sources }: { projectId: string; sources: readonly JudgmentSource[] },
  read: RatingsRead,
): Generator<RatedPair> {
  const rows = db.$client
    .prepare(
      `SELECT p.id AS promptId, j.task_id AS taskId, j.submitted_at AS submittedAt, j.rowid AS place, j.ranking, j.strength, j.shown_order AS shownOrder,
         j.not_rankable AS notRankable, j.annotator_id AS annotatorId, j.import_id AS importId,
         json_extract(j.given, '$.annotator') AS annotator
       FROM prompts p JOIN tasks t ON t.prompt_id = p.id JOIN judgments j ON j.task_id = t.id
       WHERE p.project_id = @projectId AND j.source IN (SELECT value FROM json_each(@sources))
       ORDER BY p.id`,
    )
    .iterate({ projectId, sources: JSON.stringify(sources) }) as IterableIterator<Row>;
  let ofPrompt: Row[] = [];
  for (const row of rows) {
    if (ofPrompt[0] && ofPrompt[0].promptId !== row.promptId) {
      yield* pairsOf(ofPrompt, read);
      ofPrompt = [];
    }
    ofPrompt.push(row);
  }
  yield* pairsOf(ofPrompt, read);
}

/** Pairs of one prompt. */
function* pairsOf(rows: readonly Row[], read: RatingsRead): Generator<RatedPair> {
  // what was said last replaces what the same person said before; rows of one file have one time
  const last = new Map<string, { rater: string; cluster: string; row: Row }>();
  for (const row of [...rows].sort((a, b) => a.submittedAt - b.submittedAt || a.place - b.place)) {
    const rater = raterOf(row);
    if (rater === null) {
      read.leftOut.nobodyNamed++;
      continue;
    }
    const cluster = (JSON.parse(row.shownOrder) as string[]).sort().join(' ');
    const key = `${rater} ${cluster}`;
    if (last.has(key)) read.leftOut.superseded++;
    last.set(key, { rater, cluster, row });
  }
  const pairs = new Map<string, RatedPair>();
  for (const { rater, cluster, row } of last.values()) {
    if (row.notRankable) {
      read.leftOut.notRankable++;
      continue;
    }
    read.judgments++;
    for (const { pair, ...said } of valuesOf(row)) {
      const key = `${pair} of ${cluster}`;
      const known = pairs.get(key) ?? { pair: key, cluster, ratings: [] };
      known.ratings.push({ rater, taskId: row.taskId, ...said });
      pairs.set(key, known);
    }
  }
  yield* pairs.values();
}

/** Whoever said it: a person here, or one that an imported file names. */
function raterOf({ annotatorId, importId, annotator }: Row): string | null {
  if (annotatorId !== null) return annotatorId;
  return annotator === null ? null : `${importId}/${annotator}`;
}

/** A judgment as values of its pairs; a ranking of more than two says nothing of strength. */
function valuesOf(row: Row): { pair: string; value: number; hasStrength: boolean }[] {
  const ranking = JSON.parse(row.ranking) as string[][];
  const place = new Map(ranking.flatMap((group, at) => group.map((id) => [id, at] as const)));
  const ids = [...place.keys()].sort();
  return ids.flatMap((first, i) =>
    ids.slice(i + 1).map((second) => {
      const sign = Math.sign((place.get(first) as number) - (place.get(second) as number));
      const isTie = sign === 0;
      const hasStrength = isTie || (ids.length === 2 && row.strength !== null && row.strength !== 0);
      const size = !isTie && hasStrength ? Math.abs(row.strength as number) : 1;
      return { pair: `${first} ${second}`, value: sign * size, hasStrength };
    }),
  );
}
