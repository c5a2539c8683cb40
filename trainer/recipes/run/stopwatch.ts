/** Wall-clock seconds by phase of one step: `lap('generate')` adds the time since the last lap to that phase. */
export function startStopwatch(): { lap(phase: string): void; seconds(): Record<string, number> } {
  const phases: Record<string, number> = {};
  let last = performance.now();
  return {
    lap(phase) {
      const now = performance.now();
      phases[phase] = (phases[phase] ?? 0) + (now - last) / 1000;
      last = now;
    },
    seconds: () => ({ ...phases }),
  };
}
