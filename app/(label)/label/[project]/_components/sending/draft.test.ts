import { describe, expect, it } from 'vitest';
import { emptyRanking, reduceRanking } from '../ranking/ranking-state.ts';
import { noteInteraction, STOPPED_CLOCK } from './activity-clock.ts';
import { readDraft, writeDraft } from './draft.ts';

const task = { shown: ['ra', 'rb', 'rc'], asksStrength: true };
const answered = [
  { type: 'pick', id: 'rc' } as const,
  { type: 'pick', id: 'ra' } as const,
  { type: 'toggle-flag', id: 'rb', flag: 'spam' } as const,
  { type: 'set-rationale', text: 'C answers the question.' } as const,
].reduce(reduceRanking, emptyRanking(task.shown, true));

describe('draft', () => {
  it('comes back as it was written', () => {
    const clock = noteInteraction(STOPPED_CLOCK, 'keyboard', 7);
    const read = readDraft(writeDraft(answered, clock), task);
    expect(read.state).toEqual({ ...answered, selected: null });
    expect(read.clock).toMatchObject({ activeMs: 0, firstInteractionAt: 7 });
  });

  it('starts empty without a draft, or with a broken one', () => {
    for (const text of [null, '{"groups":[["ra"', '{}', 'null', '{"groups":"ra"}'])
      expect(readDraft(text, task).state).toEqual(emptyRanking(task.shown, true));
  });

  it('keeps the reason but no order that belongs to other responses or names one twice', () => {
    const other = readDraft(writeDraft(answered, STOPPED_CLOCK), { shown: ['rx', 'ry'], asksStrength: true });
    expect(other.state).toEqual({
      ...emptyRanking(['rx', 'ry'], true),
      rationale: 'C answers the question.',
    });
    const doubled = writeDraft({ ...answered, groups: [['ra'], ['ra']] }, STOPPED_CLOCK);
    expect(readDraft(doubled, task).state.groups).toEqual([]);
  });
});
