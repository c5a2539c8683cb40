import { Button } from './button.tsx';

type Pages = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };

/** Under a list that comes in pages: nothing once the last one is there. */
export function ShowMore({
  pages,
  label = 'Show more',
  className = 'justify-self-start',
}: {
  pages: Pages;
  label?: string;
  className?: string;
}) {
  if (!pages.hasNextPage) return null;
  return (
    <Button
      variant="outline"
      className={className}
      isBusy={pages.isFetchingNextPage}
      onClick={() => void pages.fetchNextPage()}
    >
      {label}
    </Button>
  );
}
