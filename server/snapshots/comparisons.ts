import type { Message } from '../../db/schema/prompts.ts';
import { marginOf, type RawRow } from './raw-row.ts';

/** One ordered pair derived from a judgment. */
export type Comparison = {
  row: RawRow;
  chosenId: string;
  rejectedId: string;
  prompt: Message[];
  chosen: string;
  rejected: string;
  margin: number;
};

/** All pairs of which the judgment says that one is better: C(K,2) of a ranking without ties, none of an all-tied one. */
export function comparisonsOf(row: RawRow): Comparison[] {
  const texts = new Map(row.responses.map((response) => [response.response_id, response.text]));
  const margin = marginOf(row);
  return row.ranking.flatMap((better, place) =>
    better.flatMap((chosenId) =>
      row.ranking
        .slice(place + 1)
        .flat()
        .map((rejectedId) => ({
          row,
          chosenId,
          rejectedId,
          prompt: row.prompt,
          chosen: texts.get(chosenId) ?? '',
          rejected: texts.get(rejectedId) ?? '',
          margin,
        })),
    ),
  );
}
