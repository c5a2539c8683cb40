import { loadModelConfig } from '../../model/files/load-pretrained.ts';

/**
 * Refuses rows that the model has no positions for: they would read past its tables.
 *
 * @param options the config's names and values that let a row become so long
 * @throws Error naming them, the longest row and the model's folder
 */
export function checkContext(
  lengths: readonly number[],
  { modelFolder, options }: { modelFolder: string; options: Record<string, number> },
): void {
  const { maxPositions } = loadModelConfig(modelFolder);
  const longest = lengths.reduce((max, length) => Math.max(max, length), 0);
  if (longest <= maxPositions) return;
  const set = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  throw new Error(
    `${modelFolder} has ${maxPositions} positions and the longest row takes ${longest} tokens: lower ${set.join(' or ')}`,
  );
}
