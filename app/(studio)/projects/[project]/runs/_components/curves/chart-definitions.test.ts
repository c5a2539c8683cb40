import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RECIPES } from '@/trainer/config/recipes.ts';
import { metricAnchor, metricSections } from '../../metrics/_components/metric-sections.ts';
import { chartsOf } from './chart-definitions.ts';

const sections = metricSections(readFileSync('docs/metrics.md', 'utf8'));
const anchors = sections.flatMap(({ slug, names }) => names.map((name) => metricAnchor(slug, name)));
const names = new Set(sections.flatMap((section) => section.names));

describe.each(RECIPES)('charts of %s', (recipe) => {
  it('draw names that docs/metrics.md defines, and link to a definition that is there', () => {
    for (const chart of chartsOf(recipe)) {
      expect(anchors, chart.title).toContain(chart.anchor);
      for (const { name } of chart.series) expect([...names], chart.title).toContain(name);
    }
  });
});
