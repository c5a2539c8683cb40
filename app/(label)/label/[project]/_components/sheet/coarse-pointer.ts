'use client';

import { useSyncExternalStore } from 'react';

const query = () => window.matchMedia('(pointer: coarse)');

function subscribe(changed: () => void): () => void {
  const list = query();
  list.addEventListener('change', changed);
  return () => list.removeEventListener('change', changed);
}

/** True where a finger is the main pointer: texts then say nothing of keys. Styles use Tailwind's `pointer-coarse:`. */
export function useCoarsePointer(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => query().matches,
    () => false,
  );
}
