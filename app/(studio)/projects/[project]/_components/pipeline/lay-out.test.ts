import { describe, expect, it } from 'vitest';
import { layOut, lineOf } from './lay-out.ts';

const NODES = [
  { id: 'data', from: [] },
  { id: 'model', from: [] },
  { id: 'snapshot', from: ['data'] },
  { id: 'reward', from: ['snapshot', 'model'] },
  { id: 'dpo', from: ['snapshot', 'model'] },
  { id: 'ppo', from: ['reward', 'model', 'gone'] },
];

describe('the drawing of a pipeline', () => {
  it('puts each thing behind all that it was made of, and no two in one place', () => {
    const { places, columns, rows, edges } = layOut(NODES);
    const column = (id: string) => places.get(id)?.column;
    expect(NODES.map(({ id }) => column(id))).toEqual([0, 0, 1, 2, 2, 3]);
    expect(new Set([...places.values()].map((place) => `${place.column} ${place.row}`)).size).toBe(6);
    expect({ columns, rows }).toEqual({ columns: 4, rows: 2 });
    expect(edges).toHaveLength(7);
    for (const { from, to } of edges) expect(column(from)).toBeLessThan(column(to) as number);
  });

  it('ends where things are made of one another, and draws nothing for nothing', () => {
    const { places } = layOut([
      { id: 'a', from: ['b'] },
      { id: 'b', from: ['a'] },
    ]);
    expect(places.size).toBe(2);
    expect(layOut([])).toMatchObject({ columns: 0, rows: 0, edges: [] });
  });

  it('knows the line of a thing: its sources and what came of it, not its siblings', () => {
    const { edges } = layOut(NODES);
    expect([...lineOf('reward', edges)].sort()).toEqual(['data', 'model', 'ppo', 'reward', 'snapshot']);
    expect([...lineOf('dpo', edges)].sort()).toEqual(['data', 'dpo', 'model', 'snapshot']);
  });
});
