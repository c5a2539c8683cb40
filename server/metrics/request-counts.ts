/** Upper bounds of the histogram, seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** Whose durations are told apart; all others are one, so that the answer stays short. */
const TIMED = ['tasks.claim', 'judgments.record'];

type Histogram = { buckets: number[]; sum: number; count: number };
type Counts = { requests: Map<string, number>; durations: Map<string, Histogram> };

// on globalThis: Next bundles this file once for each of the two routes that use it
const kept = globalThis as typeof globalThis & { plumblineCounts?: Counts };

function counts(): Counts {
  kept.plumblineCounts ??= { requests: new Map(), durations: new Map() };
  return kept.plumblineCounts;
}

/**
 * Counts one HTTP request by the procedures that it asked for. `known` are the names of all: others count as one, so that nobody can
 * make the list long.
 */
export function countRequest(
  { procedures, status, seconds }: { procedures: readonly string[]; status: number; seconds: number },
  known: (procedure: string) => boolean,
): void {
  const { requests, durations } = counts();
  for (const asked of procedures) {
    const procedure = known(asked) ? asked : 'unknown';
    const key = `procedure="${procedure}",status="${status}"`;
    requests.set(key, (requests.get(key) ?? 0) + 1);
    const group = TIMED.includes(procedure) ? procedure : 'other';
    const histogram = durations.get(group) ?? { buckets: BOUNDS.map(() => 0), sum: 0, count: 0 };
    durations.set(group, histogram);
    for (const [i, bound] of BOUNDS.entries())
      if (seconds <= bound) histogram.buckets[i] = (histogram.buckets[i] ?? 0) + 1;
    histogram.sum += seconds;
    histogram.count += 1;
  }
}

/** Calls of one procedure that were answered well since the process started. */
export function numAnswered(procedure: string): number {
  return counts().requests.get(`procedure="${procedure}",status="200"`) ?? 0;
}

/** Requests and durations since the process started, as lines of Prometheus' text format. */
export function requestLines(): string[] {
  const { requests, durations } = counts();
  return [
    '# HELP plumbline_requests_total Calls of procedures by HTTP status, since the pages started.',
    '# TYPE plumbline_requests_total counter',
    ...[...requests].map(([labels, count]) => `plumbline_requests_total{${labels}} ${count}`),
    '# HELP plumbline_request_duration_seconds Time to answer a request that asked for the procedure.',
    '# TYPE plumbline_request_duration_seconds histogram',
    ...[...durations].flatMap(([procedure, { buckets, sum, count }]) => [
      ...BOUNDS.map(
        (bound, i) =>
          `plumbline_request_duration_seconds_bucket{procedure="${procedure}",le="${bound}"} ${buckets[i]}`,
      ),
      `plumbline_request_duration_seconds_bucket{procedure="${procedure}",le="+Inf"} ${count}`,
      `plumbline_request_duration_seconds_sum{procedure="${procedure}"} ${sum}`,
      `plumbline_request_duration_seconds_count{procedure="${procedure}"} ${count}`,
    ]),
  ];
}
