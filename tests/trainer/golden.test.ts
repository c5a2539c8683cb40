import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withNative } from '../support/tested-backends.ts';
import { conformance, RECIPE_ROWS } from './conformance.ts';
import { type Curves, runGolden } from './golden-runs.ts';

const golden: Record<string, Curves> = Object.fromEntries(
  RECIPE_ROWS.map((recipe) => [
    recipe,
    JSON.parse(readFileSync(join(import.meta.dirname, 'golden', `${recipe}.json`), 'utf8')),
  ]),
);

/**
 * The oracle must give its own curves again up to the order in which another version of V8 sums; simd and native up to float32
 * sums in another order, which ten steps of Adam enlarge.
 */
const cases = withNative(['cpu', 'simd']).map(
  (backend) => [backend, backend === 'cpu' ? 1e-6 : 1e-4, backend === 'cpu' ? 2 : undefined] as const,
);
describe.each(cases)('golden curves on %s', (backend, tolerance, stopAfter) => {
  it(`are met within ${tolerance} of each value's size`, { timeout: 180_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plumbline-golden-'));
    try {
      const curves = await runGolden(folder, backend, stopAfter);
      const recipes = RECIPE_ROWS.filter(
        (recipe) => stopAfter === undefined || !conformance[recipe].needs.includes('reward'),
      );
      expect(Object.keys(curves).sort()).toEqual([...recipes].sort());
      for (const recipe of recipes) {
        const kept = golden[recipe] as Curves;
        expect(Object.keys(kept), recipe).toEqual([...conformance[recipe].golden.metrics]);
        for (const [metric, whole] of Object.entries(kept)) {
          const expected = whole.slice(0, stopAfter);
          const actual = curves[recipe]?.[metric] ?? [];
          expect(actual, `${recipe} ${metric}`).toHaveLength(expected.length);
          expected.forEach((value, step) => {
            const apart = Math.abs((actual[step] as number) - value) / Math.max(1, Math.abs(value));
            expect(apart, `${recipe} ${metric} at step ${step + 1}`).toBeLessThan(tolerance);
          });
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
