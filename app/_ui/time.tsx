'use client';

import { useSyncExternalStore } from 'react';

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A moment (UTC ms) in the reader's own time; the UTC time shows on hover. */
export function Time({ at }: { at: number }) {
  const iso = new Date(at).toISOString();
  // the server does not know the reader's time zone: it writes UTC, and the browser puts local time in its place
  const text = useSyncExternalStore(
    () => () => {},
    () => absolute.format(at),
    () => `${iso.slice(0, 16).replace('T', ' ')} UTC`,
  );
  return (
    <time dateTime={iso} title={`${iso.slice(0, 19).replace('T', ' ')} UTC`} className="whitespace-nowrap">
      {text}
    </time>
  );
}
