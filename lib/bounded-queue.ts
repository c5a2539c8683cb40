/**
 * Runs at most `concurrency` pieces of work at a time; up to `maxWaiting` more wait in their order, the next one gets what
 * `refuse` makes thrown, at once.
 */
export function createBoundedQueue({
  concurrency,
  maxWaiting,
  refuse,
}: {
  concurrency: number;
  maxWaiting: number;
  refuse: () => Error;
}): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let numRunning = 0;
  return async (work) => {
    if (numRunning >= concurrency) {
      if (waiting.length >= maxWaiting) throw refuse();
      // whoever ends hands its place over, so that nobody comes between
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else numRunning += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else numRunning -= 1;
    }
  };
}
