'use client';

import { type RefObject, useEffect, useState } from 'react';
import { keepFocus } from '../ranking/keep-focus.ts';

/** Where answers stand side by side and only one fits: which there are, and which one is seen. */
export function ScrollDots({ row, letters }: { row: RefObject<HTMLElement | null>; letters: string[] }) {
  const [current, setCurrent] = useState(0);
  useEffect(() => {
    const box = row.current;
    if (box === null) return;
    const look = () => {
      const middle = box.scrollLeft + box.clientWidth / 2;
      const distances = panesOf(box).map((pane) => Math.abs(middleOf(pane) - middle));
      setCurrent(Math.max(0, distances.indexOf(Math.min(...distances))));
    };
    box.addEventListener('scroll', look, { passive: true });
    return () => box.removeEventListener('scroll', look);
  }, [row]);
  const show = (index: number) => {
    const pane = row.current === null ? undefined : panesOf(row.current)[index];
    pane?.scrollIntoView({ inline: 'center', block: 'nearest' });
  };
  return (
    <nav aria-label="Responses" className="-my-2 flex shrink-0 justify-center sm:hidden" data-testid="dots">
      {letters.map((letter, index) => (
        <button
          key={letter}
          type="button"
          onMouseDown={keepFocus}
          onClick={() => show(index)}
          aria-label={`Show response ${letter}`}
          aria-current={index === current ? 'true' : undefined}
          className="group inline-flex min-h-11 min-w-11 items-center justify-center"
        >
          <span className="inline-flex h-6 min-w-6 items-center justify-center rounded-full border px-1.5 font-medium text-muted-foreground text-xs group-aria-[current=true]:border-primary group-aria-[current=true]:bg-primary group-aria-[current=true]:text-primary-foreground">
            {letter}
          </span>
        </button>
      ))}
    </nav>
  );
}

const panesOf = (box: HTMLElement) => [...box.children] as HTMLElement[];
const middleOf = (pane: HTMLElement) => pane.offsetLeft + pane.offsetWidth / 2;
