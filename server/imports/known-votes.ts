/**
 * Votes on prompts that a project has already. A row of a file that says nothing beyond one of them is not new: so whatever is
 * exported comes home without counting twice, also the pairs of a ranking, the labels of a pair, people's own votes.
 */
import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import type { Given, judgments } from '../../db/schema/judgments.ts';
import type { JudgedRow } from '../../lib/formats/parsed-row.ts';
import { unpairedLabels } from '../../lib/unpaired-labels.ts';
import type { Ctx } from '../context.ts';
import { pseudonymFor, pseudonymsOf } from '../snapshots/collect-rows.ts';
import { marginOf } from '../snapshots/raw-row.ts';

type Judgment = typeof judgments.$inferSelect;
/** What counts of a judgment here. */
export type Vote = Pick<Judgment, 'ranking' | 'tieKind' | 'flags' | 'rationale'> & {
  annotator: string | null;
  submittedAt: number | null;
  /** 0 to 3 */
  strength: number | null;
  margin: number;
  /** a correction took its place */
  isSuperseded: boolean;
};
export type KnownVotes = {
  /** by prompt id */
  votes: Map<string, Vote[]>;
  pseudonyms: Map<string, string>;
};

const findPrompts = (db: Db) =>
  db.$client
    .prepare(
      `SELECT p.id FROM json_each(@hashes) h
       JOIN prompts p ON p.project_id = @projectId AND p.content_hash = h.value`,
    )
    .pluck();
// from each prompt to its tasks, and from those to their votes: a project's tasks are many
const findVotes = (db: Db) =>
  db.$client.prepare(
    `SELECT t.prompt_id AS promptId, j.ranking, j.tie_kind AS tieKind, j.flags, j.rationale, j.strength, j.margin,
       j.source, j.annotator_id AS annotatorId, j.given, j.submitted_at AS submittedAt,
       EXISTS (SELECT 1 FROM judgments later WHERE later.task_id = j.task_id AND later.annotator_id = j.annotator_id
         AND later.revision > j.revision) AS isRevised
     FROM json_each(@promptIds) p CROSS JOIN tasks t ON t.prompt_id = p.value JOIN judgments j ON j.task_id = t.id
     WHERE +t.project_id = @projectId`,
  );

type Found = Pick<
  Judgment,
  'tieKind' | 'rationale' | 'strength' | 'margin' | 'source' | 'annotatorId' | 'submittedAt'
> & { promptId: string; ranking: string; flags: string; given: string | null; isRevised?: 0 | 1 };

/** Every vote on the prompts with these hashes that are in the project. */
export function readKnownVotes(ctx: Pick<Ctx, 'db'>, projectId: string, hashes: string[]): KnownVotes {
  const known: KnownVotes = { votes: new Map(), pseudonyms: pseudonymsOf(ctx, projectId) };
  const promptIds = prepared(ctx.db, findPrompts).all({ projectId, hashes: JSON.stringify(hashes) });
  if (promptIds.length === 0) return known;
  const wanted = { projectId, promptIds: JSON.stringify(promptIds) };
  const found = prepared(ctx.db, findVotes).all(wanted) as Found[];
  for (const { promptId, ranking, flags, given, ...row } of found) {
    const parsed = { ranking: JSON.parse(ranking), flags: JSON.parse(flags) };
    addKnownVote(known, promptId, projectId, { ...row, ...parsed, given: given && JSON.parse(given) });
  }
  return known;
}

/** Adds a vote that is about to be recorded, so that the rows behind it see it. */
export function addKnownVote(
  known: KnownVotes,
  promptId: string,
  projectId: string,
  vote: Omit<Found, 'promptId' | 'ranking' | 'flags' | 'given'> &
    Pick<Judgment, 'ranking' | 'flags'> & { given: Given | null },
): void {
  const { ranking, tieKind, flags, rationale, given, annotatorId, strength } = vote;
  const said: Vote = {
    ranking,
    tieKind,
    flags,
    rationale,
    strength: strength === null ? null : Math.abs(strength),
    margin: marginOf(vote),
    annotator:
      annotatorId === null
        ? (given?.annotator ?? null)
        : pseudonymFor({ projectId, pseudonyms: known.pseudonyms }, annotatorId),
    submittedAt: vote.source === 'imported' ? (given?.submittedAt ?? null) : vote.submittedAt,
    isSuperseded: vote.isRevised === 1 || given?.superseded === true,
  };
  const before = known.votes.get(promptId);
  if (before) before.push(said);
  else known.votes.set(promptId, [said]);
}

/** True when a vote says all that a row says; `ids` are the row's responses. What the row is silent about may be anything. */
export function saysAll(vote: Vote, row: JudgedRow, ids: readonly string[]): boolean {
  return (
    (row.isSuperseded !== true || vote.isSuperseded) &&
    (row.annotator === null || row.annotator === vote.annotator) &&
    (row.submittedAt === null || row.submittedAt === vote.submittedAt) &&
    (row.rationale === '' || row.rationale === vote.rationale) &&
    (row.strength === null || row.strength === (vote.strength ?? 0)) &&
    (row.margin === 0 || row.margin === vote.margin) &&
    Object.entries(row.flags).every(([place, flags]) =>
      flags.every((flag) => vote.flags[ids[Number(place)] ?? '']?.includes(flag)),
    ) &&
    (ids.length === 1 ? saysLabel(vote, row, ids[0] ?? '') : saysRanking(vote, row, ids))
  );
}

function saysLabel(vote: Vote, { tie }: JudgedRow, id: string): boolean {
  const { labels } = unpairedLabels(vote);
  return labels.some(({ responseId, label }) => responseId === id && label === (tie === 'both_good'));
}

/** The vote's ranking of the row's responses is the row's, whatever else stood beside them. */
function saysRanking({ ranking, tieKind }: Vote, row: JudgedRow, ids: readonly string[]): boolean {
  const isNamed = new Set(ids);
  const restricted = ranking
    .map((group) => group.filter((id) => isNamed.has(id)))
    .filter((g) => g.length > 0);
  const asText = (groups: string[][]) => JSON.stringify(groups.map((group) => group.toSorted()));
  const wanted = row.ranking.map((group) => group.map((place) => ids[place] ?? ''));
  // a tie within a longer ranking has no kind
  const isSameTie = row.tie === 'none' || row.tie === (ranking.length === 1 ? tieKind : 'equal');
  return isSameTie && asText(restricted) === asText(wanted);
}
