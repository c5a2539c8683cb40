/**
 * Answers on their way to the server. Submitting puts an answer here and shows the next task at once; sending, waiting
 * for the network and trying again happen behind it. Every answer keeps its idempotency key through all tries, so that
 * an answer that arrived although its reply was lost is not counted twice.
 */
export type QueuedAnswer<Body> = {
  idempotencyKey: string;
  body: Body;
  state: 'waiting' | 'sending' | 'refused';
  attempts: number;
  /** UTC ms */
  queuedAt: number;
  nextAttemptAt: number;
  error: { code: string | null; message: string } | null;
};
export type SubmitQueue<Body> = readonly QueuedAnswer<Body>[];

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export function enqueue<Body>(
  queue: SubmitQueue<Body>,
  entry: { idempotencyKey: string; body: Body; now: number },
): SubmitQueue<Body> {
  if (queue.some((other) => other.idempotencyKey === entry.idempotencyKey)) return queue;
  const { idempotencyKey, body, now } = entry;
  return [
    ...queue,
    { idempotencyKey, body, state: 'waiting', attempts: 0, queuedAt: now, nextAttemptAt: now, error: null },
  ];
}

/** The answer to send now: in order, one at a time; null while one is under way or none is due. */
export function dueAnswer<Body>(queue: SubmitQueue<Body>, now: number): QueuedAnswer<Body> | null {
  if (queue.some((answer) => answer.state === 'sending')) return null;
  return queue.find((answer) => answer.state === 'waiting' && answer.nextAttemptAt <= now) ?? null;
}

/** Time until something is due, ms; null when nothing waits. */
export function nextWait<Body>(queue: SubmitQueue<Body>, now: number): number | null {
  const times = queue.filter((answer) => answer.state === 'waiting').map((answer) => answer.nextAttemptAt);
  return times.length === 0 ? null : Math.max(0, Math.min(...times) - now);
}

export function markSending<Body>(queue: SubmitQueue<Body>, key: string): SubmitQueue<Body> {
  return change(queue, key, (answer) => ({ ...answer, state: 'sending', attempts: answer.attempts + 1 }));
}

export function markAccepted<Body>(queue: SubmitQueue<Body>, key: string): SubmitQueue<Body> {
  return queue.filter((answer) => answer.idempotencyKey !== key);
}

/** No reply: wait twice as long each time, at most half a minute. */
export function markUnreached<Body>(
  queue: SubmitQueue<Body>,
  key: string,
  failure: { message: string; now: number },
): SubmitQueue<Body> {
  return change(queue, key, (answer) => ({
    ...answer,
    state: 'waiting',
    error: { code: null, message: failure.message },
    nextAttemptAt: failure.now + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (answer.attempts - 1)),
  }));
}

/** The server said no: kept, shown, and not sent again by itself. */
export function markRefused<Body>(
  queue: SubmitQueue<Body>,
  key: string,
  error: { code: string | null; message: string },
): SubmitQueue<Body> {
  return change(queue, key, (answer) => ({ ...answer, state: 'refused', error }));
}

/** Back online, or the person asked: everything that waits is due now. */
export function wake<Body>(queue: SubmitQueue<Body>, now: number): SubmitQueue<Body> {
  return queue.map((answer) => (answer.state === 'waiting' ? { ...answer, nextAttemptAt: now } : answer));
}

/** A refused answer is sent again, with a changed body (a fresh lease) and the same key. */
export function resend<Body>(
  queue: SubmitQueue<Body>,
  key: string,
  again: { body: Body; now: number },
): SubmitQueue<Body> {
  return change(queue, key, (answer) => ({
    ...answer,
    body: again.body,
    state: 'waiting',
    attempts: 0,
    nextAttemptAt: again.now,
    error: null,
  }));
}

/** From storage after a reload: what was under way may or may not have arrived, so it is sent again. */
export function revive<Body>(stored: SubmitQueue<Body>, now: number): SubmitQueue<Body> {
  return [...stored]
    .sort((one, other) => one.queuedAt - other.queuedAt)
    .map((answer) =>
      answer.state === 'refused' ? answer : { ...answer, state: 'waiting', attempts: 0, nextAttemptAt: now },
    );
}

function change<Body>(
  queue: SubmitQueue<Body>,
  key: string,
  to: (answer: QueuedAnswer<Body>) => QueuedAnswer<Body>,
): SubmitQueue<Body> {
  return queue.map((answer) => (answer.idempotencyKey === key ? to(answer) : answer));
}
