/**
 * Stops a run whose numbers are no longer numbers. The last checkpoint is from before, so nothing good is lost.
 *
 * @throws naming the step, the figures at fault, the batch and the config
 */
export function assertFinite(
  figures: Record<string, number>,
  where: { step: number; batchIds: readonly (string | number)[]; config: unknown },
): void {
  const bad = Object.entries(figures).filter(([, value]) => !Number.isFinite(value));
  if (bad.length === 0) return;
  const shown = bad.map(([name, value]) => `${name} = ${value}`).join(', ');
  throw new Error(
    `step ${where.step}: ${shown}; batch ${where.batchIds.join(' ')}; config ${JSON.stringify(where.config)}`,
  );
}
