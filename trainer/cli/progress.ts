import { Presets, SingleBar } from 'cli-progress';
import { formatDuration } from '../../lib/format-duration.ts';

export type Progress = {
  start(label: string, total: number): void;
  update(done: number, detail: string): void;
  /** takes the bar away; a line printed next starts at the margin */
  stop(): void;
};

/** One progress bar at a time with the remaining time, on `stream`; lines every five seconds where it is no terminal. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  let bar: SingleBar | null = null;
  const stop = () => {
    bar?.stop();
    bar = null;
  };
  return {
    start(label, total) {
      stop();
      bar = new SingleBar(
        {
          stream,
          format: `${label.padEnd(9)} {bar} {value}/{total}  {eta_formatted} left  {detail}`,
          hideCursor: null,
          etaBuffer: 20,
          // the library calls it with words while it does not know
          formatTime: (seconds: unknown) => formatDuration(Number(seconds)),
          fps: 5,
          noTTYOutput: true,
          notTTYSchedule: 5000,
        },
        Presets.shades_classic,
      );
      bar.start(total, 0, { detail: '' });
    },
    update: (done, detail) => bar?.update(done, { detail }),
    stop,
  };
}
