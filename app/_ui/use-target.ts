import { useEffect, useRef, useState } from 'react';

/**
 * For what an address may point at by `#id` and what is there only once it has been fetched, when the browser has given up looking: brings
 * it into view and says that it is the one. Spread what it gives over the element.
 */
export function useTarget<E extends HTMLElement>(id: string) {
  const ref = useRef<E>(null);
  const [isTarget, setIsTarget] = useState(false);
  useEffect(() => {
    const look = () => {
      const isMeant = window.location.hash === `#${id}`;
      setIsTarget(isMeant);
      if (isMeant) ref.current?.scrollIntoView({ block: 'start' });
    };
    look();
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, [id]);
  return { id, ref, 'data-target': isTarget || undefined };
}

/** What shows that an element is the one. */
export const targetLook = 'scroll-mt-20 data-target:ring-2 data-target:ring-primary/40';
