import { describe, expect, it } from 'vitest';
import { snapshotQuerySchema } from '@/lib/snapshot-query.ts';
import { countConditions, EMPTY_DRAFT, queryOfDraft } from './query-draft.ts';

describe('queryOfDraft', () => {
  it('asks for everything while nothing is typed', () => {
    expect(queryOfDraft(EMPTY_DRAFT)).toEqual({ sources: ['annotator', 'simulated', 'imported'] });
    expect(countConditions(EMPTY_DRAFT)).toBe(0);
  });

  it('says what was typed, in the language of queries', () => {
    const draft = {
      ...EMPTY_DRAFT,
      ...{ annotators: ' A1, A2,,A1 ', importId: 'imp_1', guidelineVersion: '2', from: '2026-01-02' },
      ...{
        to: '2026-01-02',
        split: 'train' as const,
        tagsAny: 'math',
        tagsNone: 'draft, old',
        column: 'level',
      },
      ...{ columnValue: '3', flagsAny: ['spam' as const], flagsNone: ['untrue' as const], strengthMin: '1' },
      ...{ secondsMax: '2.5', agreementMin: '57', agreementMax: '100' },
    };
    const query = queryOfDraft(draft);
    expect(query).toEqual({
      ...{ sources: EMPTY_DRAFT.sources, annotators: ['A1', 'A2'], importIds: ['imp_1'] },
      ...{ guidelineVersions: [2], split: 'train', tags: { any: ['math'], none: ['draft', 'old'] } },
      ...{ metadata: { level: '3' }, flags: { any: ['spam'], none: ['untrue'] }, strength: { min: 1 } },
      ...{ activeMs: { max: 2500 }, agreement: { min: 0.57, max: 1 } },
      since: new Date(2026, 0, 2).getTime(),
      until: new Date(2026, 0, 3).getTime() - 1,
    });
    expect(countConditions(draft)).toBe(12);
    expect(snapshotQuerySchema.safeParse(query).success).toBe(true);
  });

  it('leaves out what cannot be a number or a day', () => {
    expect(queryOfDraft({ ...EMPTY_DRAFT, secondsMin: 'soon', from: '2026-', agreementMin: ' ' })).toEqual({
      sources: EMPTY_DRAFT.sources,
    });
  });
});
