/** `metrics.jsonl` in the folder of a run: one line for each step and each evaluation, as they happen. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainEvent } from '../events.ts';

const METRICS_FILE = 'metrics.jsonl';

export type MetricsFile = { add: (event: TrainEvent) => void };

/**
 * Opens the file of a run that goes on after `step`, 0 for a new one: lines past it are dropped, since those steps come again,
 * and so is one that a kill cut short.
 */
export function openMetricsFile(outFolder: string, step: number): MetricsFile {
  mkdirSync(outFolder, { recursive: true });
  const path = join(outFolder, METRICS_FILE);
  const before = step === 0 || !existsSync(path) ? [] : readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const kept = before.filter((line) => (JSON.parse(line) as { step: number }).step <= step);
  writeFileSync(`${path}.tmp`, kept.map((line) => `${line}\n`).join(''));
  renameSync(`${path}.tmp`, path);
  return {
    add(event) {
      if (event.type !== 'step' && event.type !== 'eval') return;
      const { type, step, metrics } = event;
      const seconds = event.type === 'step' ? { seconds: event.seconds } : {};
      appendFileSync(path, `${JSON.stringify({ type, step, metrics, ...seconds })}\n`);
    },
  };
}
