import { describe, expect, it } from 'vitest';
import { commandOf, type KeyPlace, type KeyPress } from './keyboard.ts';

const plain: Omit<KeyPress, 'key'> = {
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  isAltGraph: false,
  isComposing: false,
  isRepeat: false,
};
const free: KeyPlace = {
  isTyping: false,
  isOnControl: false,
  isDialogOpen: false,
  isDragging: false,
  isPair: true,
};
const type = (key: string, press: Partial<KeyPress> = {}, place: Partial<KeyPlace> = {}) =>
  commandOf({ ...plain, key, ...press }, { ...free, ...place })?.type ?? null;

describe('keyboard of the label page', () => {
  it.each([
    ['1', 'pick'],
    ['9', 'pick'],
    ['t', 'tie'],
    ['T', 'tie'],
    ['0', 'all-bad'],
    ['n', 'not-rankable'],
    ['f', 'flags'],
    ['r', 'rationale'],
    ['s', 'skip'],
    ['u', 'undo'],
    ['g', 'guidelines'],
    ['m', 'mine'],
    ['?', 'help'],
    ['Enter', 'submit'],
    ['Backspace', 'unplace'],
  ])('reads %s as %s', (key, command) => {
    expect(type(key)).toBe(command);
  });

  it('gives arrows to the scale in a pair and to the order in a ranking', () => {
    expect(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].map((key) => type(key))).toEqual([
      'shift',
      'shift',
      null,
      null,
    ]);
    expect(
      ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].map((key) => type(key, {}, { isPair: false })),
    ).toEqual(['select-next', 'select-next', 'shift', 'shift']);
  });

  it('leaves typing alone, except for the submit chord', () => {
    for (const key of ['1', 't', 's', 'u', '0', 'Backspace', 'Enter', 'ArrowLeft'])
      expect(type(key, {}, { isTyping: true })).toBeNull();
    expect(type('Enter', { ctrlKey: true }, { isTyping: true })).toBe('submit');
    expect(type('Enter', { metaKey: true }, { isTyping: true })).toBe('submit');
  });

  it('takes no chord of the browser, no AltGr character and nothing that is being composed', () => {
    expect(type('r', { ctrlKey: true })).toBeNull();
    expect(type('1', { altKey: true })).toBeNull();
    expect(type('t', { metaKey: true })).toBeNull();
    expect(type('s', { isAltGraph: true })).toBeNull();
    expect(type('1', { isComposing: true })).toBeNull();
    expect(type('Enter', { isComposing: true })).toBeNull();
    expect(type('Process')).toBeNull();
  });

  it('is silent under a dialog and while something is carried', () => {
    expect(type('Enter', {}, { isDialogOpen: true })).toBeNull();
    expect(type('1', {}, { isDialogOpen: true })).toBeNull();
    expect(type('Enter', { ctrlKey: true }, { isDialogOpen: true })).toBeNull();
    expect(type('ArrowDown', {}, { isDragging: true, isPair: false })).toBeNull();
  });

  it('lets Enter press a focused button, and a held key act once', () => {
    expect(type('Enter', {}, { isOnControl: true })).toBeNull();
    expect(type('1', {}, { isOnControl: true })).toBe('pick');
    expect(type('Enter', { isRepeat: true })).toBeNull();
    expect(type('s', { isRepeat: true })).toBeNull();
    expect(type('ArrowLeft', { isRepeat: true })).toBe('shift');
  });
});
