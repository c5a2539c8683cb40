import { describe, expect, it } from 'vitest';
import { formatRow, resultsMarkdown } from './format-results.ts';
import { makeRows, type PeerRounds } from './make-rows.ts';
import { replaceResults } from './replace-results.ts';
import { type Results, resultsSchema } from './row.ts';
import type { Work } from './works.ts';

const speed: Work = {
  name: 'a step',
  peer: 'torch, bare loop',
  measures: 'throughput',
  model: '0.86M',
  precision: 'float32',
  batch: 1,
  length: 8,
  stepsPerRound: 1,
};
const memory: Work = { ...speed, name: 'memory', measures: 'peak RSS' };
const peer = (setting: string, values: number[], difference = 1e-6): PeerRounds => ({
  setting,
  values,
  agreement: { agree: difference <= 1e-3, largestDifference: difference, tolerance: 1e-3 },
});
const measured = { ours: [300, 300], others: 0.01, note: '' };

describe('makeRows', () => {
  it('holds ours beside the peer as installed and beside its fastest setting', () => {
    const peers = [peer('as installed', [100, 150]), peer('tuned', [200, 250]), peer('slow', [50, 50])];
    const [installed, best] = makeRows(speed, { ...measured, peers });
    expect(installed).toMatchObject({
      variant: 'as installed',
      setting: 'as installed',
      peer: 125,
      low: 2,
      high: 3,
    });
    expect(best).toMatchObject({
      variant: 'at its best',
      setting: 'tuned',
      unit: 'tokens/s',
      low: 1.2,
      high: 1.5,
    });
    expect(best?.ratio).toBeCloseTo(1.35, 10);
  });

  it('takes the least memory as the best', () => {
    const peers = [peer('as installed', [300, 300]), peer('small', [150, 150]), peer('big', [600, 600])];
    expect(makeRows(memory, { ...measured, peers, others: null })[1]).toMatchObject({
      setting: 'small',
      ratio: 2,
      unit: 'MiB',
    });
  });

  it('does not take a setting that computes something else as the best, and marks one that is all there is', () => {
    const fastButWrong = peer('wrong', [900, 900], 0.5);
    const [, best] = makeRows(speed, {
      ...measured,
      peers: [peer('as installed', [100, 100]), fastButWrong],
    });
    expect(best).toMatchObject({ setting: 'as installed', lossesAgree: true });
    const [only] = makeRows(speed, { ...measured, peers: [peer('as installed', [100, 100], Number.NaN)] });
    expect(only).toMatchObject({ lossesAgree: false, difference: null });
  });
});

describe('results', () => {
  const peers = [peer('as installed', [100, 150]), peer('tuned', [200, 250])];
  const results: Results = {
    command: 'npm run bench -- --peer',
    date: '2026-01-02',
    machine: { processor: 'some processor', cores: 2, memoryGiB: 8, system: 'Linux' },
    backend: 'native',
    versions: { node: '20', torch: '2' },
    matmulErrors: { Plumbline: 5e-7, tuned: 2e-3 },
    rows: makeRows(speed, { ...measured, peers }),
    failed: [{ work: 'other', reason: 'it ended:\nMemoryError: 3 GiB\n  at a line' }],
  };

  it('survive the file', () => {
    expect(resultsSchema.parse(JSON.parse(JSON.stringify(results)))).toEqual(results);
  });

  it('become one line of a table for each work, with what is needed to read it', () => {
    const text = resultsMarkdown(results);
    expect(text).toContain(
      '| a step | torch, bare loop | 300 tokens/s | 125, **2.50** (2.00 to 3.00) | 225, **1.35** (1.20 to 1.50) | tuned | yes, 1.0e-6 of 1e-3 |',
    );
    for (const part of [
      'some processor',
      'torch 2',
      'tuned 2.0e-3',
      'Not measured: other: MemoryError: 3 GiB.',
    ])
      expect(text).toContain(part);
  });

  it('say where a ratio does not count and where the machine was busy', () => {
    const wrong = makeRows(speed, { ...measured, peers: [peer('as installed', [100, 100], 0.5)] });
    expect(formatRow(wrong[0] as (typeof wrong)[0])).toContain('does not count: results differ by 5.0e-1');
    const markdown = resultsMarkdown({ ...results, rows: wrong });
    expect(markdown).toContain('| 100, does not count |');
    expect(markdown).toContain('**no**');
    const busy = makeRows(speed, { ...measured, others: 0.4, peers });
    expect(formatRow(busy[0] as (typeof busy)[0])).toContain('busy machine, others had up to 40 %');
    expect(resultsMarkdown({ ...results, rows: busy })).toContain('others had up to 40 %');
  });

  it('go between the marks of the document and leave the rest', () => {
    const marks = [
      '<!-- results: made by npm run bench -- --docs, not by hand -->',
      '<!-- end of results -->',
    ];
    const document = `before\n${marks[0]}\nold\n${marks[1]}\nafter\n`;
    const replaced = replaceResults(document, 'new');
    expect(replaced).toBe(`before\n${marks[0]}\n\nnew\n\n${marks[1]}\nafter\n`);
    expect(replaceResults(replaced, 'new')).toBe(replaced);
    expect(() => replaceResults('no marks', 'new')).toThrow('in this order');
  });
});
