import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dueAnswer,
  enqueue,
  markAccepted,
  markRefused,
  markSending,
  markUnreached,
  nextWait,
  resend,
  revive,
  type SubmitQueue,
  wake,
} from './submit-queue.ts';

const one = enqueue<string>([], { idempotencyKey: 'k1', body: 'first', now: 0 });
const two = enqueue(one, { idempotencyKey: 'k2', body: 'second', now: 5 });

describe('submit queue', () => {
  it('sends in order, one at a time', () => {
    expect(dueAnswer(two, 10)?.idempotencyKey).toBe('k1');
    const sending = markSending(two, 'k1');
    expect(dueAnswer(sending, 10)).toBeNull();
    expect(dueAnswer(markAccepted(sending, 'k1'), 10)?.idempotencyKey).toBe('k2');
  });

  it('ignores a second submit with the same key', () => {
    expect(enqueue(one, { idempotencyKey: 'k1', body: 'again', now: 9 })).toBe(one);
  });

  it('waits 1, 2, 4 ... at most 30 seconds after lost connections, and not at all once back online', () => {
    let queue: SubmitQueue<string> = one;
    const waits: (number | null)[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      queue = markUnreached(markSending(queue, 'k1'), 'k1', { message: 'offline', now: 0 });
      waits.push(nextWait(queue, 0));
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    expect(dueAnswer(queue, 29_999)).toBeNull();
    expect(dueAnswer(wake(queue, 1), 1)?.idempotencyKey).toBe('k1');
  });

  it('keeps a refused answer with its reason, lets others pass, and sends it again only when asked', () => {
    const refused = markRefused(markSending(two, 'k1'), 'k1', { code: 'expired', message: 'too late' });
    expect(dueAnswer(refused, 99)?.idempotencyKey).toBe('k2');
    expect(wake(refused, 99)[0]?.state).toBe('refused');
    const again = resend(refused, 'k1', { body: 'fresh lease', now: 50 });
    expect(dueAnswer(again, 50)).toMatchObject({ idempotencyKey: 'k1', body: 'fresh lease', error: null });
  });

  it('sends again after a reload what was under way', () => {
    const revived = revive([...markSending(two, 'k1')].reverse(), 100);
    expect(revived.map((answer) => answer.idempotencyKey)).toEqual(['k1', 'k2']);
    expect(dueAnswer(revived, 100)?.idempotencyKey).toBe('k1');
  });

  it('loses nothing and doubles nothing, whatever the network does', () => {
    const reply = fc.constantFrom('accepted', 'lost', 'unreached', 'reload');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(reply, { maxLength: 40 }), (count, replies) => {
        let queue: SubmitQueue<number> = [];
        for (let at = 0; at < count; at += 1) {
          queue = enqueue(queue, { idempotencyKey: `k${at}`, body: at, now: at });
        }
        /** what a server with an idempotency key holds */
        const recorded = new Map<string, number>();
        for (const kind of [...replies, ...Array(count).fill('accepted')]) {
          queue = wake(queue, 1_000);
          const answer = dueAnswer(queue, 1_000);
          if (answer === null) break;
          queue = markSending(queue, answer.idempotencyKey);
          if (kind !== 'unreached') recorded.set(answer.idempotencyKey, answer.body);
          if (kind === 'accepted') queue = markAccepted(queue, answer.idempotencyKey);
          else if (kind === 'reload') queue = revive(queue, 1_000);
          else queue = markUnreached(queue, answer.idempotencyKey, { message: 'no reply', now: 1_000 });
        }
        expect(queue).toEqual([]);
        expect([...recorded.values()].sort()).toEqual(Array.from({ length: count }, (_, at) => at));
      }),
    );
  });
});
