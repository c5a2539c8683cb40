import type { ClaimedTask, NothingOpen, Progress } from '@/server/tasks/schemas.ts';
import { failureOf, type LabelApi } from './label-api.ts';
import { tasksAhead } from './tasks-ahead.ts';

export type FeedState = {
  current: ClaimedTask | null;
  /** claimed ahead: the next task shows without waiting, and a lost connection leaves something to do */
  upcoming: readonly ClaimedTask[];
  status: 'loading' | 'ready' | 'empty' | 'unreachable' | 'refused';
  /** why nothing is left, as the last claim found it */
  nothingOpen: NothingOpen | null;
  message: string | null;
  progress: Progress | null;
  /** set when the lease of the current task is gone: what to tell the person */
  lost: string | null;
};

type Options = {
  api: Pick<LabelApi, 'claim' | 'renew' | 'releaseAll' | 'progress' | 'skip' | 'reclaim'>;
  now: () => number;
  /** seats of answers that the server has not taken so far: held, but not to be shown again */
  seatsUnderWay: () => string[];
  /** one of them is still being sent */
  isSending: () => boolean;
};

const RETRY_MS = 3_000;
/** how often a page without a task looks whether something came back */
const LOOK_AGAIN_MS = 30_000;
const CHECK_MS = 15_000;
/** somebody who read or typed within this time still works on the task */
const PRESENT_MS = 3 * 60_000;

/** Keeps one task on the screen and some ahead, and their leases alive while somebody is there. */
export function createTaskFeed({ api, now, seatsUnderWay, isSending }: Options) {
  let state: FeedState = {
    current: null,
    upcoming: [],
    status: 'loading',
    nothingOpen: null,
    message: null,
    progress: null,
    lost: null,
  };
  const listeners = new Set<() => void>();
  /** seats that were on the screen: they may have a draft, and are not handed back unasked */
  const seen = new Set<string>();
  let isClaiming = false;
  let isAskedAgain = false;
  let isChecking = false;
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
    if (state.current !== null) seen.add(state.current.seatId);
    for (const listener of listeners) listener();
  }

  function isFull(): boolean {
    if (state.current === null) return false;
    return state.upcoming.length >= tasksAhead(state.progress?.openForMe ?? 0);
  }

  /** Claims until one task is shown and enough wait, or nothing is left, and learns how far the person is. */
  async function fill(): Promise<void> {
    if (isStopped) return;
    // what was accepted meanwhile may be missing in the answer that is on its way: ask once more after it
    isAskedAgain = isClaiming;
    if (isClaiming) return;
    isClaiming = true;
    clearTimeout(retry);
    try {
      if (isFull()) set({ progress: await api.progress() });
      // one after the other: the first shows while the others are still asked for
      while (!isStopped && !isFull() && (await claimOne()));
      handBackSurplus();
    } catch (error) {
      const failure = failureOf(error);
      const status = failure.kind === 'unreached' ? 'unreachable' : 'refused';
      set({ message: failure.message, status: state.current === null ? status : 'ready' });
      if (failure.kind === 'unreached' && !isStopped) retry = setTimeout(() => void fill(), RETRY_MS);
    } finally {
      isClaiming = false;
    }
    if (isAskedAgain) await fill();
  }

  /** False when there was nothing to claim. */
  async function claimOne(): Promise<boolean> {
    const shown = [state.current, ...state.upcoming].flatMap((task) => (task === null ? [] : [task.seatId]));
    const under = seatsUnderWay();
    const { task, progress, nothingOpen } = await api.claim([...shown, ...under]);
    if (task === null) {
      const isEmpty = !isSending() && progress.openForMe === 0;
      const status = state.current !== null ? 'ready' : isEmpty ? 'empty' : 'loading';
      set({ progress, message: null, status, nothingOpen });
      // the lease limit counts answers that are still on their way, and what others hold may come back
      if (!isSending() && state.current === null && !isStopped)
        retry = setTimeout(() => void fill(), isEmpty ? LOOK_AGAIN_MS : RETRY_MS);
      return false;
    }
    skewMs = task.leasedAt - now();
    leaseMs = task.leaseExpiresAt - task.leasedAt;
    // a lease that had run out may come back to us, with its order: it is not another task
    if (task.seatId === state.current?.seatId)
      set({ current: { ...state.current, ...leaseOf(task) }, lost: null, progress });
    else if (under.includes(task.seatId) || state.upcoming.some((other) => other.seatId === task.seatId))
      replace(task, progress);
    else if (state.current === null)
      set({ current: task, status: 'ready', message: null, progress, lost: null });
    else set({ upcoming: [...state.upcoming, task], progress });
    return true;
  }

  /** Others took most of what was open meanwhile: what is held ahead and was never shown goes back to them. */
  function handBackSurplus(): void {
    const most = Math.max(1, state.progress?.openForMe ?? 0);
    const surplus = state.upcoming.slice(most).filter((task) => !seen.has(task.seatId));
    release(surplus);
  }

  function release(tasks: readonly ClaimedTask[]): void {
    if (tasks.length === 0) return;
    set({ upcoming: state.upcoming.filter((task) => !tasks.includes(task)) });
    const leases = tasks.map(({ seatId, leaseToken }) => ({ seatId, leaseToken }));
    // one that does not arrive is no loss: the leases end by themselves
    api.releaseAll(leases).catch(() => {});
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
    if (isChecking || state.current === null) return;
    isChecking = true;
    try {
      const isPresent = now() - lastSeenAt < PRESENT_MS;
      for (const task of [state.current, ...state.upcoming]) {
        const left = task.leaseExpiresAt - (now() + skewMs);
        const isDue = left <= Math.max(leaseMs / 2, CHECK_MS * 2);
        if (isPresent && isDue && !(await renew(task))) return;
        if (!isPresent && left <= 0 && task.seatId === state.current?.seatId && state.lost === null)
          set({ lost: 'Your hold on this task ran out while you were away.' });
      }
    } finally {
      isChecking = false;
    }
  }

  /** False when the server cannot be reached: then the others need not be tried. */
  async function renew(task: ClaimedTask): Promise<boolean> {
    try {
      const { leaseExpiresAt } = await api.renew({ seatId: task.seatId, leaseToken: task.leaseToken });
      replace({ ...task, leaseExpiresAt });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === 'unreached') return false;
      if (task.seatId === state.current?.seatId) set({ lost: failure.message });
      else set({ upcoming: state.upcoming.filter((other) => other.seatId !== task.seatId) });
    }
    return true;
  }

  function replace(task: ClaimedTask, progress = state.progress): void {
    const again = (other: ClaimedTask) =>
      other.seatId === task.seatId ? { ...other, ...leaseOf(task) } : other;
    set({
      current: state.current === null ? null : again(state.current),
      upcoming: state.upcoming.map(again),
      progress,
    });
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
        set({ current: { ...current, ...leaseOf(task) }, lost: null });
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
    /** Somebody goes: tasks they have not seen are others' at once, the one on the screen stays theirs until it ends. */
    leave(): void {
      release(state.upcoming.filter((task) => !seen.has(task.seatId)));
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
