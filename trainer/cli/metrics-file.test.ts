import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrainEvent } from '../events.ts';
import { openMetricsFile } from './metrics-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-metrics-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const step = (number: number): TrainEvent => ({
  ...{ type: 'step', step: number, totalSteps: 9, metrics: { loss: number / 10 }, seconds: { update: 1 } },
});
const evaluation = (number: number): TrainEvent => ({
  type: 'eval',
  step: number,
  metrics: { eval_loss: 1 },
});

it('keeps steps and evaluations, and a resumed run goes on after its checkpoint', () => {
  const out = join(folder, 'run');
  const path = join(out, 'metrics.jsonl');
  const lines = () =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const first = openMetricsFile(out, 0);
  for (const event of [evaluation(0), step(1), step(2), evaluation(2), step(3)]) first.add(event);
  first.add({ type: 'warning', step: 3, message: 'not a number' });
  expect(lines()[1]).toEqual({ type: 'step', step: 1, metrics: { loss: 0.1 }, seconds: { update: 1 } });
  appendFileSync(path, '{"type":"step","st');

  const resumed = openMetricsFile(out, 2);
  resumed.add(step(3));
  expect(lines().map((line) => `${line.type} ${line.step}`)).toEqual([
    'eval 0',
    'step 1',
    'step 2',
    'eval 2',
    'step 3',
  ]);
  openMetricsFile(out, 0);
  expect(readFileSync(path, 'utf8')).toBe('');
});
