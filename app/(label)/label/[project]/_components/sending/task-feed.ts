import type { ClaimedTask, Progress } from '@/server/tasks/schemas.ts';
import { failureOf, type LabelApi } from './label-api.ts';

export type FeedState = {
  current: ClaimedTask | null;
  /** claimed ahead, so that the next task shows without waiting */
  upcoming: readonly ClaimedTask[];
  status: 'loading' | 'ready' | 'empty' | 'unreachable' | 'refused';
  message: string | null;
  progress: Progress | null;
  /** set when the lease of the current task is gone: what to tell the person */
  lost: string | null;
};

type Options = {
  api: Pick<LabelApi, 'claim' | 'renew' | 'release' | 'skip' | 'reclaim'>;
  now: () => number;
  /** seats of answers that are still on their way: held, but not to be shown again */
  seatsUnderWay: () => string[];
};

const RETRY_MS = 3_000;
const CHECK_MS = 15_000;
/** somebody who read or typed within this time still works on the task */
const PRESENT_MS = 3 * 60_000;

/** Keeps one task on the screen and one ahead, and their leases alive while somebody is there. */
export function createTaskFeed({ api, now, seatsUnderWay }: Options) {
  let state: FeedState = {
    current: null,
    upcoming: [],
    status: 'loading',
    message: null,
    progress: null,
    lost: null,
  };
  const listeners = new Set<() => void>();
  let isClaiming = false;
  let isStopped = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let lastSeenAt = now();
  /** server clock minus ours */
  let skewMs = 0;
  /** full length of a lease, as the last claim gave it */
  let leaseMs = 0;
  const checker = setInterval(() => void checkLeases(), CHECK_MS);

  function set(change: Partial<FeedState>): void {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  }

  /** Claims until one task is shown and one waits, or nothing is left. */
  async function fill(): Promise<void> {
    if (isClaiming || isStopped || (state.current !== null && state.upcoming.length > 0)) return;
    isClaiming = true;
    clearTimeout(retry);
    try {
      const shown = [state.current, ...state.upcoming].flatMap((task) =>
        task === null ? [] : [task.seatId],
      );
      const under = seatsUnderWay();
      const { task, progress } = await api.claim([...shown, ...under]);
      if (task === null) {
        set({
          progress,
          message: null,
          status: state.current !== null ? 'ready' : waitsFor(under, progress),
        });
        // the lease limit counts answers that are still on their way, so there may be more in a moment
        if (under.length === 0 && progress.openForMe > 0 && state.current === null)
          retry = setTimeout(() => void fill(), RETRY_MS);
        return;
      }
      skewMs = task.leasedAt - now();
      leaseMs = task.leaseExpiresAt - task.leasedAt;
      // a lease that had run out may come back to us, with its order: it is not another task
      if (task.seatId === state.current?.seatId)
        set({ current: { ...state.current, ...leaseOf(task) }, lost: null, progress });
      else if (under.includes(task.seatId)) set({ progress });
      else if (state.current === null)
        set({ current: task, status: 'ready', message: null, progress, lost: null });
      else set({ upcoming: [...state.upcoming, task], progress });
    } catch (error) {
      const failure = failureOf(error);
      const status = failure.kind === 'unreached' ? 'unreachable' : 'refused';
      set({ message: failure.message, status: state.current === null ? status : 'ready' });
      if (failure.kind === 'unreached') retry = setTimeout(() => void fill(), RETRY_MS);
      return;
    } finally {
      isClaiming = false;
    }
    await fill();
  }

  function next(): void {
    const [following, ...upcoming] = state.upcoming;
    set({
      current: following ?? null,
      upcoming,
      lost: null,
      status: following ? 'ready' : 'loading',
    });
  }

  async function checkLeases(): Promise<void> {
    const { current } = state;
    if (current === null) return;
    const isPresent = now() - lastSeenAt < PRESENT_MS;
    for (const task of [current, ...state.upcoming]) {
      const left = task.leaseExpiresAt - (now() + skewMs);
      if (left > Math.max(leaseMs / 2, CHECK_MS * 2) || !isPresent) {
        if (left <= 0 && task === current && state.lost === null)
          set({ lost: 'Your hold on this task ran out while you were away.' });
        continue;
      }
      try {
        const { leaseExpiresAt } = await api.renew({ seatId: task.seatId, leaseToken: task.leaseToken });
        replace({ ...task, leaseExpiresAt });
      } catch (error) {
        const failure = failureOf(error);
        if (failure.kind === 'refused' && task.seatId === state.current?.seatId)
          set({ lost: failure.message });
        else if (failure.kind === 'refused')
          set({ upcoming: state.upcoming.filter((other) => other.seatId !== task.seatId) });
      }
    }
  }

  function replace(task: ClaimedTask): void {
    if (state.current?.seatId === task.seatId) set({ current: task });
    set({ upcoming: state.upcoming.map((other) => (other.seatId === task.seatId ? task : other)) });
  }

  return {
    getState: () => state,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fill,
    /** after the answer of the current task was handed over */
    next,
    /** Somebody is there. */
    notePresence(): void {
      lastSeenAt = now();
    },
    checkLeases,
    /** The task on the screen again under a fresh lease. False when somebody else has it now. */
    async reclaim(): Promise<boolean> {
      const { current } = state;
      if (current === null) return false;
      try {
        const { task } = await api.reclaim(current.seatId);
        lastSeenAt = now();
        // the shown content stays: only the proof is new
        set({
          current: { ...current, leaseToken: task.leaseToken, leaseExpiresAt: task.leaseExpiresAt },
          lost: null,
        });
        return true;
      } catch (error) {
        set({ lost: failureOf(error).message });
        return false;
      }
    },
    /** Passes the current task over at once; throws when the server did not hear of it. */
    async skip(reason: string): Promise<void> {
      const { current } = state;
      if (current === null) return;
      next();
      try {
        await api.skip({ seatId: current.seatId, leaseToken: current.leaseToken, reason });
      } finally {
        await fill();
      }
    },
    /** An answer taken back before it was sent: its task is shown again, the current one comes after it. */
    reopen(task: ClaimedTask): void {
      const upcoming = state.current === null ? state.upcoming : [state.current, ...state.upcoming];
      set({ current: task, upcoming, status: 'ready', lost: null });
    },
    stop(): void {
      isStopped = true;
      clearInterval(checker);
      clearTimeout(retry);
    },
  };
}

export type TaskFeed = ReturnType<typeof createTaskFeed>;

function leaseOf({ leaseToken, leaseExpiresAt }: ClaimedTask) {
  return { leaseToken, leaseExpiresAt };
}

function waitsFor(underWay: string[], progress: Progress): FeedState['status'] {
  return underWay.length > 0 || progress.openForMe > 0 ? 'loading' : 'empty';
}
