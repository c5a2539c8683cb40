import { describe, expect, it } from 'vitest';
import { createRng, rngFromState } from './rng.ts';

const DRAWS = 100_000;

describe('rng', () => {
  it('reproduces xoshiro128** from a known state', () => {
    // worked from the C source by hand: result = rotl(s1 * 5, 7) * 9
    const rng = rngFromState([1, 2, 3, 4]);
    expect([rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32()]).toEqual([11520, 0, 5927040, 70819200]);
  });

  it('gives the same numbers for the same seed and stream, others for another seed or stream', () => {
    const first = (seed: number, stream: string) => Array.from({ length: 8 }, createRng(seed, stream).uint32);
    expect(first(7, 'sampling')).toEqual(first(7, 'sampling'));
    expect(first(7, 'sampling')).not.toEqual(first(7, 'data'));
    expect(first(7, 'sampling')).not.toEqual(first(8, 'sampling'));
  });

  it('goes on from a saved state, through JSON', () => {
    const rng = createRng(3, 'data');
    rng.normal();
    const saved = JSON.parse(JSON.stringify(rng.state()));
    const expected = [rng.uniform(), rng.normal(), rng.integer(10), ...rng.shuffle([1, 2, 3, 4, 5])];
    const other = createRng(99, 'elsewhere');
    other.restore(saved);
    expect([other.uniform(), other.normal(), other.integer(10), ...other.shuffle([1, 2, 3, 4, 5])]).toEqual(
      expected,
    );
  });

  it('draws uniforms with the right mean, variance and frequencies', () => {
    const rng = createRng(1, 'test');
    const draws = Array.from({ length: DRAWS }, rng.uniform);
    expect(Math.min(...draws.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / DRAWS;
    // the mean's standard error is 0.289 / sqrt(1e5) = 9.1e-4
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * 9.2e-4);
    // 100 cells: chi-square has mean 99 and standard deviation 14
    const cells = new Array<number>(100).fill(0);
    for (const draw of draws) cells[Math.floor(draw * 100)] = (cells[Math.floor(draw * 100)] as number) + 1;
    const chiSquare = cells.reduce((sum, count) => sum + (count - DRAWS / 100) ** 2 / (DRAWS / 100), 0);
    expect(chiSquare).toBeGreaterThan(99 - 4 * 14);
    expect(chiSquare).toBeLessThan(99 + 5 * 14);
    // neighbours are uncorrelated
    const correlation = draws
      .slice(1)
      .reduce((sum, draw, i) => sum + (draw - 0.5) * ((draws[i] as number) - 0.5), 0);
    expect(Math.abs((12 * correlation) / DRAWS)).toBeLessThan(5 / Math.sqrt(DRAWS));
  });

  it('draws normals with moments 0, 1, 0, 3', () => {
    const rng = createRng(2, 'test');
    const draws = Array.from({ length: DRAWS }, rng.normal);
    const moment = (power: number) => draws.reduce((sum, draw) => sum + draw ** power, 0) / DRAWS;
    // standard errors: sqrt(1/n), sqrt(2/n), sqrt(15/n), sqrt(96/n)
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / DRAWS));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / DRAWS));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / DRAWS));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / DRAWS));
  });

  it('shuffles every item to every place equally often', () => {
    const rng = createRng(4, 'test');
    const rounds = 24_000;
    const orders = new Map<string, number>();
    for (let i = 0; i < rounds; i++) {
      const order = rng.shuffle('abcd'.split('')).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    // 24 orders, 1000 expected each: chi-square has mean 23 and standard deviation 6.8
    const chiSquare = [...orders.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(23 + 5 * 6.8);
  });

  it('forks children that leave the parent the same however much they are used', () => {
    const used = createRng(5, 'test');
    const unused = createRng(5, 'test');
    const child = used.fork();
    const twin = unused.fork();
    expect(child.uint32()).toBe(twin.uint32());
    for (let i = 0; i < 50; i++) child.uniform();
    expect(used.uint32()).toBe(unused.uint32());
  });

  it('refuses seeds, bounds and states that are none', () => {
    expect(() => createRng(-1, 'x')).toThrow('seed -1');
    expect(() => createRng(0.5, 'x')).toThrow('seed 0.5');
    expect(() => createRng(1, 'x').integer(0)).toThrow('bound 0');
    expect(() => createRng(1, 'x').restore([0, 0, 0, 0])).toThrow('state [0,0,0,0]');
    expect(() => createRng(1, 'x').restore([1, 2, 3, 2 ** 32])).toThrow('state');
    expect(() => createRng(1, 'x').restore([1, 2] as never)).toThrow('state [1,2]');
  });
});
