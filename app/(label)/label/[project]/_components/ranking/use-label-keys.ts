'use client';

import { useEffect, useRef } from 'react';
import { commandOf, type LabelCommand } from './keyboard.ts';

type Options = {
  run: (command: LabelCommand) => void;
  isDialogOpen: boolean;
  isDragging: boolean;
  isPair: boolean;
};

/** Listens on the window and hands commands on; what a key means is decided in keyboard.ts. */
export function useLabelKeys(options: Options): void {
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const { run, isDialogOpen, isDragging, isPair } = latest.current;
      const target = event.target instanceof HTMLElement ? event.target : null;
      const command = commandOf(
        {
          key: event.key,
          altKey: event.altKey,
          ctrlKey: event.ctrlKey,
          metaKey: event.metaKey,
          isAltGraph: event.getModifierState('AltGraph'),
          // 229: what older engines report while an input method works
          isComposing: event.isComposing || event.keyCode === 229,
          isRepeat: event.repeat,
        },
        { isTyping: isTypingIn(target), isOnControl: isControl(target), isDialogOpen, isDragging, isPair },
      );
      if (command === null) return;
      event.preventDefault();
      run(command);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}

function isTypingIn(target: HTMLElement | null): boolean {
  if (target === null) return false;
  if (target.isContentEditable || target.matches('textarea, select')) return true;
  return target.matches('input:not([type=radio], [type=checkbox], [type=button], [type=submit])');
}

function isControl(target: HTMLElement | null): boolean {
  return target?.closest('button, a[href], summary, [role=button], [role=menuitem]') != null;
}
