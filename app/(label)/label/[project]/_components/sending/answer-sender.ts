import type { Answer, Receipt } from '@/server/judgments/schemas.ts';
import type { ClaimedTask } from '@/server/tasks/schemas.ts';
import { failureOf, type LabelApi } from './label-api.ts';
import {
  dueAnswer,
  enqueue,
  markAccepted,
  markRefused,
  markSending,
  markUnreached,
  nextWait,
  type QueuedAnswer,
  resend,
  revive,
  type SubmitQueue,
  wake,
} from './submit-queue.ts';

/** What is needed to show a task again, for a claimed one as for one answered earlier. */
export type TaskView = Pick<
  ClaimedTask,
  'taskId' | 'prompt' | 'responses' | 'askStrength' | 'requireRationale'
>;

export type AnswerBody =
  | { kind: 'record'; task: ClaimedTask; answer: Answer; hasReclaimed: boolean }
  | { kind: 'revise'; judgmentId: string; task: TaskView; answer: Answer };

export type QueueStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

type Options = {
  api: Pick<LabelApi, 'record' | 'revise' | 'reclaim'>;
  storage: QueueStorage;
  /** names person and project: two people at one browser never send each other's answers */
  prefix: string;
  now: () => number;
  onAccepted: (body: AnswerBody, receipt: Receipt, key: string) => void;
};

/**
 * Sends answers in the background, one after the other, and keeps each in the browser's storage until the server has
 * confirmed it: a closed laptop loses nothing. An answer whose lease ran out meanwhile takes its seat back once by itself;
 * whatever else the server refuses stays here with the reason.
 */
export function createAnswerSender({ api, storage, prefix, now, onAccepted }: Options) {
  let queue: SubmitQueue<AnswerBody> = revive(readStored(storage, prefix), now());
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();

  function set(next: SubmitQueue<AnswerBody>): void {
    const kept = new Set(next.map((answer) => answer.idempotencyKey));
    for (const answer of queue)
      if (!kept.has(answer.idempotencyKey)) storage.removeItem(prefix + answer.idempotencyKey);
    for (const answer of next) if (!queue.includes(answer)) keep(storage, prefix, answer);
    queue = next;
    for (const listener of listeners) listener();
  }

  async function pump(): Promise<void> {
    clearTimeout(timer);
    const answer = dueAnswer(queue, now());
    if (answer === null) {
      const wait = queue.some((other) => other.state === 'sending') ? null : nextWait(queue, now());
      if (wait !== null) timer = setTimeout(() => void pump(), wait + 1);
      return;
    }
    const key = answer.idempotencyKey;
    set(markSending(queue, key));
    try {
      const receipt = await deliver(api, answer.body, key);
      set(markAccepted(queue, key));
      onAccepted(answer.body, receipt, key);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === 'unreached')
        set(markUnreached(queue, key, { message: failure.message, now: now() }));
      else if (failure.code === 'expired') await takeSeatBack(answer, failure);
      else set(markRefused(queue, key, failure));
    }
    await pump();
  }

  /** Once by itself after an expired lease; then only when the person asks. */
  async function takeSeatBack(
    answer: QueuedAnswer<AnswerBody>,
    failure: { code: string | null; message: string },
  ): Promise<void> {
    const { body, idempotencyKey: key } = answer;
    if (body.kind !== 'record' || body.hasReclaimed) {
      set(markRefused(queue, key, failure));
      return;
    }
    try {
      const { task } = await api.reclaim(body.task.seatId);
      const again = { ...body, hasReclaimed: true, task: { ...body.task, leaseToken: task.leaseToken } };
      set(resend(queue, key, { body: again, now: now() }));
    } catch (error) {
      const second = failureOf(error);
      if (second.kind === 'unreached')
        set(markUnreached(queue, key, { message: second.message, now: now() }));
      else set(markRefused(queue, key, second));
    }
  }

  return {
    getState: () => queue,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    submit(body: AnswerBody, key: string): void {
      set(enqueue(queue, { idempotencyKey: key, body, now: now() }));
      void pump();
    },
    /** back online, or somebody pressed "try now" */
    wake(): void {
      set(wake(queue, now()));
      void pump();
    },
    /** a refused answer once more, taking its seat back if needed */
    retry(key: string): void {
      const answer = queue.find((other) => other.idempotencyKey === key);
      if (answer?.state !== 'refused') return;
      const body = answer.body.kind === 'record' ? { ...answer.body, hasReclaimed: false } : answer.body;
      set(resend(queue, key, { body, now: now() }));
      void pump();
    },
    /** Takes an answer out again that is not under way: to change it, or because the person lets it go. */
    takeBack(key: string): AnswerBody | null {
      const answer = queue.find((other) => other.idempotencyKey === key);
      if (answer === undefined || answer.state === 'sending') return null;
      set(markAccepted(queue, key));
      return answer.body;
    },
    stop(): void {
      clearTimeout(timer);
    },
  };
}

export type AnswerSender = ReturnType<typeof createAnswerSender>;

function deliver(api: Options['api'], body: AnswerBody, idempotencyKey: string): Promise<Receipt> {
  if (body.kind === 'revise')
    return api.revise({ ...body.answer, judgmentId: body.judgmentId, idempotencyKey });
  const { seatId, leaseToken } = body.task;
  return api.record({ ...body.answer, seatId, leaseToken, idempotencyKey });
}

function keep(storage: QueueStorage, prefix: string, answer: QueuedAnswer<AnswerBody>): void {
  try {
    storage.setItem(prefix + answer.idempotencyKey, JSON.stringify(answer));
  } catch {
    // storage full or forbidden: the answer still lives in this page and is still sent
  }
}

/** One entry per answer, so that two open tabs do not overwrite each other's. */
function readStored(storage: QueueStorage, prefix: string): QueuedAnswer<AnswerBody>[] {
  const found: QueuedAnswer<AnswerBody>[] = [];
  for (let index = 0; index < storage.length; index += 1) {
    const name = storage.key(index);
    if (name === null || !name.startsWith(prefix)) continue;
    try {
      const answer = JSON.parse(storage.getItem(name) ?? '') as QueuedAnswer<AnswerBody>;
      // only we write here; an entry of an older version of this page lacks what is needed and is left alone
      if (answer.idempotencyKey === name.slice(prefix.length) && answer.body?.answer) found.push(answer);
    } catch {
      // cut off while it was written: nothing to send
    }
  }
  return found;
}
