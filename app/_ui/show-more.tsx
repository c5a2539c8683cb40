'use client';

import { useEffect } from 'react';
import { Button } from './button.tsx';

type Pages = {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError?: boolean;
  fetchNextPage: () => unknown;
};

/**
 * Under a list that comes in pages: nothing once the last one is there. `isShort`: so far there is less than people expect of a
 * page, as when a search looks at a part of the rows a call; the next one is then fetched unasked.
 */
export function ShowMore({
  pages,
  label = 'Show more',
  className = 'justify-self-start',
  isShort = false,
}: {
  pages: Pages;
  label?: string;
  className?: string;
  isShort?: boolean;
}) {
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError = false, fetchNextPage } = pages;
  const isDue = isShort && hasNextPage && !isFetchingNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (isDue) void fetchNextPage();
  }, [isDue, fetchNextPage]);
  if (!hasNextPage) return null;
  return (
    <Button
      variant="outline"
      className={className}
      isBusy={isFetchingNextPage}
      onClick={() => void fetchNextPage()}
    >
      {isShort && isFetchingNextPage ? 'Searching…' : label}
    </Button>
  );
}
