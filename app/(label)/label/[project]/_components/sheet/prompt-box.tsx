'use client';

import { ChevronDown, ChevronUp } from 'lucide-react';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { PromptView } from '@/app/_ui/prompt-view.tsx';
import { keepFocus } from '../ranking/keep-focus.ts';
import type { TaskView } from '../sending/answer-sender.ts';

/** Less than a line: rounding and padding, nothing that anybody misses. */
const SLACK_PX = 6;
const PAGE_SHARE = 0.85;

type Hidden = { isAbove: boolean; turnsAbove: number; isBelow: boolean };

/**
 * The prompt, open at its last turn: that is the one to be answered. It takes the room that the answers leave, at least
 * 26 % of the window where it needs them, and says what is above and below.
 */
export function PromptBox({
  messages,
  box,
}: {
  messages: TaskView['prompt'];
  box: RefObject<HTMLElement | null>;
}) {
  const content = useRef<HTMLDivElement>(null);
  /** somebody scrolled: from now on the place is theirs */
  const isMoved = useRef(false);
  const [fullHeight, setFullHeight] = useState(0);
  const [hidden, setHidden] = useState<Hidden>({ isAbove: false, turnsAbove: 0, isBelow: false });

  const look = useCallback(() => {
    if (box.current === null) return;
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    const earlier = turnTops(box.current).slice(0, -1);
    setHidden({
      isAbove: scrollTop > SLACK_PX,
      turnsAbove: earlier.filter((top) => top < scrollTop - SLACK_PX).length,
      isBelow: scrollHeight - clientHeight - scrollTop > SLACK_PX,
    });
  }, [box]);

  const settle = useCallback(() => {
    if (box.current === null || content.current === null) return;
    setFullHeight(box.current.offsetHeight - box.current.clientHeight + box.current.scrollHeight);
    if (!isMoved.current) box.current.scrollTop = turnTops(box.current).at(-1) ?? 0;
    look();
  }, [box, look]);

  useLayoutEffect(settle, [settle]);
  useEffect(() => {
    const observer = new ResizeObserver(settle);
    for (const element of [box.current, content.current]) if (element !== null) observer.observe(element);
    return () => observer.disconnect();
  }, [box, settle]);

  const scroll = (direction: 1 | -1) => {
    if (box.current === null) return;
    isMoved.current = true;
    const { scrollTop, clientHeight } = box.current;
    const page = scrollTop + direction * clientHeight * PAGE_SHARE;
    const turnBefore = turnTops(box.current).findLast((top) => top < scrollTop - SLACK_PX) ?? 0;
    box.current.scrollTop = direction === 1 ? page : Math.max(page, turnBefore);
  };
  const move = () => {
    isMoved.current = true;
  };

  return (
    <div
      className="relative flex flex-col overflow-hidden rounded-lg border bg-muted/50"
      // the first to give way where room is short; CSS knows no "26 % or all of it, whichever is less" for what scrolls
      style={{ flex: '0 1000 auto', minHeight: `min(${fullHeight}px, 26dvh)` }}
    >
      <section
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label="Prompt"
        data-testid="prompt"
        onScroll={look}
        onWheel={move}
        onTouchMove={move}
        onPointerDown={move}
        onKeyDown={move}
        className="relative min-h-0 grow overflow-y-auto px-4 py-3 outline-none"
      >
        <div ref={content}>
          <PromptView messages={messages} />
        </div>
      </section>
      {hidden.isAbove && (
        <Cue side="above" onPress={() => scroll(-1)}>
          <ChevronUp aria-hidden className="size-3.5" />
          {aboveText(hidden.turnsAbove)}
        </Cue>
      )}
      {hidden.isBelow && (
        <Cue side="below" onPress={() => scroll(1)}>
          <ChevronDown aria-hidden className="size-3.5" />
          More below
        </Cue>
      )}
    </div>
  );
}

function Cue({
  side,
  onPress,
  children,
}: {
  side: 'above' | 'below';
  onPress: () => void;
  children: React.ReactNode;
}) {
  return (
    <div
      className={`pointer-events-none absolute inset-x-0 flex justify-center from-card via-card/80 to-transparent ${
        side === 'above' ? 'top-0 bg-linear-to-b pb-3' : 'bottom-0 bg-linear-to-t pt-3'
      }`}
    >
      <button
        type="button"
        onMouseDown={keepFocus}
        onClick={onPress}
        className="pointer-events-auto relative inline-flex min-h-7 items-center gap-1 rounded-full border bg-card px-3 text-muted-foreground text-xs after:absolute after:-inset-x-2 after:-inset-y-2 hover:text-foreground"
      >
        {children}
      </button>
    </div>
  );
}

function aboveText(numTurns: number): string {
  if (numTurns === 0) return 'Beginning above';
  return numTurns === 1 ? '1 earlier turn above' : `${numTurns} earlier turns above`;
}

/** Where each turn begins inside the box, px. */
function turnTops(box: HTMLElement): number[] {
  const padding = Number.parseFloat(getComputedStyle(box).paddingTop);
  return [...box.querySelectorAll<HTMLElement>('[data-turn]')].map((turn) => turn.offsetTop - padding);
}
