'use client';

import { type RefObject, useLayoutEffect, useState } from 'react';

/**
 * `data-tall` marks what scrolls inside a pane; its one child has the full height of the text. This is the height that the tallest pane below `panes` would have if nothing in it had to scroll, in px; 0 before it is known. A
 * scrolling box has no size of its own in CSS, so the page could not give room to the prompt that short answers do not need.
 */
export function useTallest(panes: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    if (panes.current === null) return;
    const boxes = [...panes.current.querySelectorAll<HTMLElement>('[data-tall]')];
    const measure = () => setHeight(Math.ceil(Math.max(0, ...boxes.map(fullHeight))));
    measure();
    const observer = new ResizeObserver(measure);
    for (const box of boxes) if (box.firstElementChild !== null) observer.observe(box.firstElementChild);
    return () => observer.disconnect();
  }, [panes]);
  return height;
}

/** The pane's own frame and header, and all of the text. */
function fullHeight(box: HTMLElement): number {
  const pane = box.parentElement?.getBoundingClientRect().height ?? 0;
  const style = getComputedStyle(box);
  const padding = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom);
  const text = box.firstElementChild?.getBoundingClientRect().height ?? 0;
  return pane - box.getBoundingClientRect().height + padding + text;
}
