import { TRPCClientError } from '@trpc/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClaimedTask } from '@/server/tasks/schemas.ts';
import { type AnswerBody, createAnswerSender, type QueueStorage } from './answer-sender.ts';
import type { LabelApi } from './label-api.ts';

function memoryStorage(): QueueStorage & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
    key: (index) => [...entries.keys()][index] ?? null,
    get length() {
      return entries.size;
    },
  };
}

const task: ClaimedTask = {
  taskId: 'tsk_1',
  seatId: 'sea_1',
  leaseToken: 'first-token',
  leasedAt: 0,
  leaseExpiresAt: 1,
  guidelineVersion: 1,
  prompt: [{ role: 'user', content: 'Say hello.' }],
  responses: [
    { id: 'ra', content: 'Hello' },
    { id: 'rb', content: 'Go away' },
  ],
  askStrength: true,
  requireRationale: false,
  numPlaces: 2,
};
const body: AnswerBody = {
  kind: 'record',
  task,
  hasReclaimed: false,
  answer: {
    ranking: [['ra'], ['rb']],
    strength: -1,
    tieKind: 'none',
    notRankable: false,
    flags: {},
    rationale: 'kinder',
    firstInteractionAt: 1,
    activeMs: 5,
    inputKind: 'keyboard',
  },
};
const receipt = { judgmentId: 'jdg_1', revision: 1, submittedAt: 9 };

function refusal(code: string, httpStatus: number) {
  return new TRPCClientError(`${code} said the server`, {
    result: {
      error: { message: `${code} said the server`, code: -32000, data: { domainCode: code, httpStatus } },
    },
  } as never);
}

function start(record: LabelApi['record'], reclaim?: LabelApi['reclaim'], storage = memoryStorage()) {
  const onAccepted = vi.fn();
  const sender = createAnswerSender({
    api: { record, revise: vi.fn(), reclaim: reclaim ?? vi.fn().mockRejectedValue(refusal('conflict', 409)) },
    storage,
    prefix: 'q.',
    now: Date.now,
    onAccepted,
  });
  return { sender, storage, onAccepted };
}

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

describe('answer sender', () => {
  it('sends at once, tells of the receipt and forgets the stored copy', async () => {
    const record = vi.fn<LabelApi['record']>().mockResolvedValue(receipt);
    const { sender, storage, onAccepted } = start(record);
    sender.submit(body, 'key-0001');
    expect(storage.entries.size).toBe(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(record.mock.calls[0]?.[0]).toMatchObject({
      seatId: 'sea_1',
      leaseToken: 'first-token',
      idempotencyKey: 'key-0001',
      rationale: 'kinder',
    });
    expect(onAccepted).toHaveBeenCalledWith(body, receipt, 'key-0001');
    expect(sender.getState()).toEqual([]);
    expect(storage.entries.size).toBe(0);
  });

  it('tries again with the same key while the network is down, and at once when woken', async () => {
    const record = vi
      .fn<LabelApi['record']>()
      .mockRejectedValueOnce(new TypeError('fetch failed'))
      .mockRejectedValueOnce(refusal('invalid', 503))
      .mockResolvedValue(receipt);
    const { sender, storage } = start(record);
    sender.submit(body, 'key-0001');
    await vi.advanceTimersByTimeAsync(0);
    expect(sender.getState()[0]).toMatchObject({ state: 'waiting', attempts: 1 });
    expect(storage.entries.size).toBe(1);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(record).toHaveBeenCalledTimes(2);
    sender.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(record.mock.calls.map(([input]) => input.idempotencyKey)).toEqual([
      'key-0001',
      'key-0001',
      'key-0001',
    ]);
    expect(sender.getState()).toEqual([]);
  });

  it('sends what a closed page left behind, and leaves broken entries alone', async () => {
    const dead = start(vi.fn<LabelApi['record']>().mockReturnValue(new Promise(() => {})));
    dead.sender.submit(body, 'key-0001');
    await vi.advanceTimersByTimeAsync(0);
    dead.storage.setItem('q.broken', '{"idempotencyKey":');
    dead.storage.setItem('other', 'not ours');
    const record = vi.fn<LabelApi['record']>().mockResolvedValue(receipt);
    const { sender } = start(record, undefined, dead.storage);
    sender.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(record).toHaveBeenCalledTimes(1);
    expect([...dead.storage.entries.keys()].sort()).toEqual(['other', 'q.broken']);
  });

  it('takes an expired seat back once and sends the same answer under the new token', async () => {
    const record = vi
      .fn<LabelApi['record']>()
      .mockRejectedValueOnce(refusal('expired', 412))
      .mockResolvedValue(receipt);
    const reclaim = vi
      .fn<LabelApi['reclaim']>()
      .mockResolvedValue({ task: { ...task, leaseToken: 'second-token' } });
    const { sender, onAccepted } = start(record, reclaim);
    sender.submit(body, 'key-0001');
    await vi.advanceTimersByTimeAsync(5);
    expect(record.mock.calls.map(([input]) => input.leaseToken)).toEqual(['first-token', 'second-token']);
    expect(record.mock.calls[1]?.[0].idempotencyKey).toBe('key-0001');
    expect(onAccepted).toHaveBeenCalledTimes(1);
  });

  it('keeps the answer with the reason when the seat has passed on, and gives the text back', async () => {
    const record = vi.fn<LabelApi['record']>().mockRejectedValue(refusal('expired', 412));
    const { sender, storage } = start(record);
    sender.submit(body, 'key-0001');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(record).toHaveBeenCalledTimes(1);
    expect(sender.getState()[0]).toMatchObject({ state: 'refused', error: { code: 'conflict' } });
    expect(storage.entries.size).toBe(1);
    expect(sender.takeBack('key-0001')).toMatchObject({ answer: { rationale: 'kinder' } });
    expect(storage.entries.size).toBe(0);
  });

  it('does not loop when leases keep expiring', async () => {
    const record = vi.fn<LabelApi['record']>().mockRejectedValue(refusal('expired', 412));
    const reclaim = vi.fn<LabelApi['reclaim']>().mockResolvedValue({ task });
    const { sender } = start(record, reclaim);
    sender.submit(body, 'key-0001');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(record).toHaveBeenCalledTimes(2);
    expect(sender.getState()[0]?.state).toBe('refused');
    sender.retry('key-0001');
    await vi.advanceTimersByTimeAsync(10);
    expect(record).toHaveBeenCalledTimes(4);
  });
});
