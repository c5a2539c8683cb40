/** The keyboard of the label page: pure, so that the guards can be tested without a browser. */

type PlainCommand =
  | 'tie'
  | 'all-bad'
  | 'not-rankable'
  | 'flags'
  | 'rationale'
  | 'skip'
  | 'submit'
  | 'undo'
  | 'unplace'
  | 'guidelines'
  | 'mine'
  | 'help';

export type LabelCommand =
  | { type: 'pick'; index: number }
  | { type: 'shift'; step: 1 | -1 }
  | { type: 'select-next'; step: 1 | -1 }
  | { [Name in PlainCommand]: { type: Name } }[PlainCommand];

export type KeyPress = {
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  /** AltGraph pressed: composes characters on many layouts, never a command */
  isAltGraph: boolean;
  /** an input method is composing */
  isComposing: boolean;
  isRepeat: boolean;
};

export type KeyPlace = {
  /** focus is in a text field, select or editable element */
  isTyping: boolean;
  /** focus is on a button, link or other control that Enter and Space activate by themselves */
  isOnControl: boolean;
  /** a dialog, sheet or menu is open: its own keys apply */
  isDialogOpen: boolean;
  /** dnd-kit's keyboard sensor is carrying something */
  isDragging: boolean;
  isPair: boolean;
};

const LETTERS: Record<string, LabelCommand> = {
  t: { type: 'tie' },
  '0': { type: 'all-bad' },
  n: { type: 'not-rankable' },
  f: { type: 'flags' },
  r: { type: 'rationale' },
  s: { type: 'skip' },
  u: { type: 'undo' },
  g: { type: 'guidelines' },
  m: { type: 'mine' },
  '?': { type: 'help' },
  Backspace: { type: 'unplace' },
  Delete: { type: 'unplace' },
};

/** What a key means here, or null when it is not ours to take. Ctrl/Cmd+Enter submits even from the rationale field. */
export function commandOf(press: KeyPress, place: KeyPlace): LabelCommand | null {
  if (press.isComposing || press.key === 'Process' || press.key === 'Dead') return null;
  if (place.isDialogOpen || place.isDragging) return null;
  const isSubmitChord = press.key === 'Enter' && (press.ctrlKey || press.metaKey) && !press.altKey;
  if (isSubmitChord) return press.isRepeat ? null : { type: 'submit' };
  if (press.altKey || press.ctrlKey || press.metaKey || press.isAltGraph || place.isTyping) return null;
  if (press.key === 'Enter') return place.isOnControl || press.isRepeat ? null : { type: 'submit' };
  const arrow = arrowOf(press.key, place.isPair);
  if (arrow !== null) return arrow;
  // a held key must not place, tie or skip again and again
  if (press.isRepeat) return null;
  if (/^[1-9]$/.test(press.key)) return { type: 'pick', index: Number(press.key) - 1 };
  return LETTERS[press.key.length === 1 ? press.key.toLowerCase() : press.key] ?? null;
}

/** Pair: left and right walk the scale. Ranking: up and down move the selected response, left and right select. */
function arrowOf(key: string, isPair: boolean): LabelCommand | null {
  if (key === 'ArrowLeft') return isPair ? { type: 'shift', step: -1 } : { type: 'select-next', step: -1 };
  if (key === 'ArrowRight') return isPair ? { type: 'shift', step: 1 } : { type: 'select-next', step: 1 };
  if (isPair) return null;
  if (key === 'ArrowUp') return { type: 'shift', step: -1 };
  if (key === 'ArrowDown') return { type: 'shift', step: 1 };
  return null;
}

/** Lines of the `?` sheet. */
export const KEY_SHEET: readonly { keys: readonly string[]; pair: string; ranking: string }[] = [
  { keys: ['1', '…', '9'], pair: 'Better; again: much better', ranking: 'Give the next place' },
  { keys: ['←', '→'], pair: 'One step along the scale, from slightly better', ranking: 'Select a response' },
  { keys: ['↑', '↓'], pair: 'Scroll', ranking: 'Move the selected response up or down' },
  { keys: ['T'], pair: 'Tie; again: both good', ranking: 'Tie the selected response with the one above' },
  { keys: ['0'], pair: 'Both bad', ranking: 'All bad' },
  { keys: ['N'], pair: 'Not rankable', ranking: 'Not rankable' },
  { keys: ['Backspace'], pair: 'Take the answer back', ranking: 'Take the selected response out' },
  { keys: ['F'], pair: 'Flags', ranking: 'Flags of the selected response' },
  { keys: ['R'], pair: 'Write a reason', ranking: 'Write a reason' },
  { keys: ['Enter'], pair: 'Submit', ranking: 'Submit' },
  { keys: ['Ctrl', 'Enter'], pair: 'Submit while writing', ranking: 'Submit while writing' },
  { keys: ['S'], pair: 'Skip', ranking: 'Skip' },
  { keys: ['U'], pair: 'Correct the last answer', ranking: 'Correct the last answer' },
  { keys: ['M'], pair: 'My answers', ranking: 'My answers' },
  { keys: ['G'], pair: 'Guidelines', ranking: 'Guidelines' },
  { keys: ['?'], pair: 'This sheet', ranking: 'This sheet' },
];
