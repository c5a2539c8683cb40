/**
 * The order in which rows go through a model: by length; in packed batches neighbours that share half of their tokens stay
 * together, since their beginning is computed once. @throws Error naming an empty row
 */
export function orderOfPasses(rows: readonly (readonly number[])[], pack: boolean): number[] {
  const groups: { places: number[]; longest: number }[] = [];
  rows.forEach((_, i) => {
    const row = rowAt(rows, i);
    const group = groups.at(-1);
    const before = i > 0 ? rowAt(rows, i - 1) : [];
    let inCommon = 0;
    while (inCommon < row.length && row[inCommon] === before[inCommon]) inCommon++;
    if (pack && group && 2 * inCommon >= row.length) {
      group.places.push(i);
      group.longest = Math.max(group.longest, row.length);
    } else groups.push({ places: [i], longest: row.length });
  });
  return groups.sort((a, b) => a.longest - b.longest).flatMap(({ places }) => places);
}

function rowAt(rows: readonly (readonly number[])[], i: number): readonly number[] {
  const row = rows[i];
  if (!row || row.length === 0) throw new Error(`row ${i} is ${row ? 'empty' : 'missing'}`);
  return row;
}
