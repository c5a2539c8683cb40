import { describe, expect, it } from 'vitest';
import { inputKindOf, noteActivity, noteInteraction, STOPPED_CLOCK } from './activity-clock.ts';

describe('activity clock', () => {
  it('adds gaps up to half a minute and leaves pauses out', () => {
    const times = [1_000, 3_000, 33_000, 63_001, 64_001];
    const clock = times.reduce(noteActivity, STOPPED_CLOCK);
    // 2 s + 30 s, then a gap of 30.001 s that is a pause, then 1 s
    expect(clock.activeMs).toBe(33_000);
  });

  it('never runs backwards when the system clock is set back', () => {
    expect([10_000, 4_000, 5_000].reduce(noteActivity, STOPPED_CLOCK).activeMs).toBe(1_000);
  });

  it('keeps the first interaction and names the inputs used', () => {
    const typed = noteInteraction(noteActivity(STOPPED_CLOCK, 1), 'keyboard', 5);
    expect(typed.firstInteractionAt).toBe(5);
    expect(inputKindOf(typed)).toBe('keyboard');
    const both = noteInteraction(typed, 'touch', 9);
    expect(both.firstInteractionAt).toBe(5);
    expect(inputKindOf(both)).toBe('mixed');
    expect(inputKindOf(noteInteraction(STOPPED_CLOCK, 'pointer', 1))).toBe('pointer');
  });
});
