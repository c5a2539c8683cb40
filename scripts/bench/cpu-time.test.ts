import { expect, it } from 'vitest';
import { othersShare, parseCpuTime, readCpuTime } from './cpu-time.ts';

const stat = (user: number, idle: number, steal: number): string =>
  `cpu  ${user} 0 100 ${idle} 50 0 0 ${steal} 7 0\ncpu0 1 0 1 1 0 0 0 0 0 0\nintr 5\n`;
const ofProcess = (user: number, system: number): string =>
  `42 (a (strange) name) S 1 42 42 0 -1 4194560 1 2 3 4 ${user} ${system} 0 0 20 0 3 0 100\n`;

it('reads ticks from the texts of the kernel', () => {
  expect(parseCpuTime(stat(1000, 500, 10), ofProcess(30, 5))).toEqual({ total: 1660, busy: 1110, own: 35 });
});

it('gives the share of the cores that others had', () => {
  const before = parseCpuTime(stat(1000, 500, 0), ofProcess(0, 0));
  const after = parseCpuTime(stat(1160, 520, 20), ofProcess(100, 20));
  expect(othersShare(before, after)).toBeCloseTo((180 - 120) / 200, 10);
  expect(othersShare(after, after)).toBe(0);
});

it('reads this process', () => {
  const { total, busy, own } = readCpuTime(process.pid);
  expect(own).toBeGreaterThan(0);
  expect(busy).toBeLessThanOrEqual(total);
});
