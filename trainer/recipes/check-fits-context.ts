/**
 * A row longer than the model's positions cannot go through it: said before the first step, with the numbers.
 * @throws Error naming the model, the longest row and the option to change
 */
export function checkFitsContext(
  rows: readonly (readonly number[])[],
  model: { folder: string; maxPositions: number; maxLength: number },
): void {
  const { folder, maxPositions, maxLength } = model;
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (longest <= maxPositions) return;
  throw new Error(
    `${folder}: config.json allows ${maxPositions} positions, the longest row has ${longest} tokens: ` +
      `maxLength is ${maxLength}, expected at most ${maxPositions}`,
  );
}
