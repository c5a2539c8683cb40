import { Presets, SingleBar } from 'cli-progress';
import { formatDuration } from '../../lib/format-duration.ts';

/** A bar with remaining time on stderr; on a terminal it redraws, in a log it writes a line every five seconds. */
export function startProgressBar(label: string, total: number) {
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}% | {detail} | {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: null,
      noTTYOutput: true,
      notTTYSchedule: 5000,
      etaBuffer: 50,
      // the library calls it with words while it does not know
      formatTime: (seconds: unknown) => formatDuration(Number(seconds)),
    },
    Presets.shades_classic,
  );
  bar.start(Math.max(1, total), 0, { detail: '' });
  return {
    update: (value: number, detail: string) => bar.update(value, { detail }),
    setTotal: (total: number) => bar.setTotal(Math.max(1, total)),
    stop: () => bar.stop(),
  };
}
