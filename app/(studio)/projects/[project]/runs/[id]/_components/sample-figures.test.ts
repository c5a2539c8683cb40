import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metricSections } from '@/app/(studio)/projects/[project]/runs/metrics/_components/metric-sections.ts';
import { figuresOf, SAMPLE_FIGURES, sortSamples } from './sample-figures.ts';

const sample = (figures: Record<string, number | null>) => ({ prompt: 'p', response: 'r', figures });

describe('figures of samples', () => {
  it('are those that docs/metrics.md defines', () => {
    const section = metricSections(readFileSync('docs/metrics.md', 'utf8')).find(
      ({ slug }) => slug === 'samples',
    );
    expect(section?.names).toEqual(Object.keys(SAMPLE_FIGURES));
  });

  it('are shown where any sample has them, known ones first and in their order', () => {
    const samples = [sample({ lead: 1, kl: 0.5, score: null }), sample({ ended: 1, kl: 0.25 })];
    expect(figuresOf(samples)).toEqual(['kl', 'ended', 'lead']);
  });

  it('sort either way, samples without the figure last', () => {
    const measured: Record<string, number | null>[] = [{ kl: 1 }, { kl: null }, { kl: 3 }, {}];
    const rows = measured.map((figures) => ({ sample: sample(figures) }));
    const values = (direction: 'highest' | 'lowest') =>
      sortSamples(rows, { figure: 'kl', direction }).map((row) => row.sample.figures.kl);
    expect(values('highest')).toEqual([3, 1, null, undefined]);
    expect(values('lowest')).toEqual([1, 3, null, undefined]);
  });
});
