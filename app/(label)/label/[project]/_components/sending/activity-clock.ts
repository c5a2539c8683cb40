/** How long somebody really worked on a task: gaps longer than `IDLE_MS` count as a pause. */
export type ActivityClock = {
  activeMs: number;
  lastSeenAt: number | null;
  firstInteractionAt: number | null;
  usedKeyboard: boolean;
  usedPointer: boolean;
  usedTouch: boolean;
};
export type InputKind = 'keyboard' | 'pointer' | 'touch' | 'mixed';

const IDLE_MS = 30_000;

export const STOPPED_CLOCK: ActivityClock = {
  activeMs: 0,
  lastSeenAt: null,
  firstInteractionAt: null,
  usedKeyboard: false,
  usedPointer: false,
  usedTouch: false,
};

/** Any sign of life: scrolling, moving, typing. `now` is UTC ms. */
export function noteActivity(clock: ActivityClock, now: number): ActivityClock {
  const gap = clock.lastSeenAt === null ? 0 : now - clock.lastSeenAt;
  return { ...clock, lastSeenAt: now, activeMs: clock.activeMs + (gap > 0 && gap <= IDLE_MS ? gap : 0) };
}

/** A change of the answer, and by what it was made. */
export function noteInteraction(
  clock: ActivityClock,
  by: 'keyboard' | 'pointer' | 'touch',
  now: number,
): ActivityClock {
  const next = noteActivity(clock, now);
  return {
    ...next,
    firstInteractionAt: next.firstInteractionAt ?? now,
    usedKeyboard: next.usedKeyboard || by === 'keyboard',
    usedPointer: next.usedPointer || by === 'pointer',
    usedTouch: next.usedTouch || by === 'touch',
  };
}

export function inputKindOf(clock: ActivityClock): InputKind {
  const used = [clock.usedKeyboard, clock.usedPointer, clock.usedTouch].filter(Boolean).length;
  if (used > 1) return 'mixed';
  if (clock.usedTouch) return 'touch';
  return clock.usedPointer ? 'pointer' : 'keyboard';
}
