import { Fragment } from 'react';

/** A text in which what was searched for is marked, upper and lower case alike. */
export function Marked({ text, wanted }: { text: string; wanted: string }) {
  if (wanted === '') return text;
  return text
    .split(new RegExp(`(${wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')})`, 'i'))
    .map((part, index) =>
      index % 2 === 0 ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no name but their place
        <Fragment key={index}>{part}</Fragment>
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <mark key={index} className="rounded-xs bg-warning/30 text-inherit">
          {part}
        </mark>
      ),
    );
}
