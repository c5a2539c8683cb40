'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { ShowMore } from '@/app/_ui/show-more.tsx';
import { Time } from '@/app/_ui/time.tsx';
import type { OwnJudgment } from '@/server/judgments/schemas.ts';
import { failureOf, NOT_A_MEMBER } from '../sending/label-api.ts';

/** Own earlier answers, newest first; each can be opened and corrected. */
export function MyAnswers({
  projectId,
  onOpen,
}: {
  projectId: string;
  onOpen: (judgmentId: string) => void;
}) {
  const trpc = useTRPC();
  const answers = useInfiniteQuery(
    trpc.judgments.mine.infiniteQueryOptions(
      { projectId, limit: 30 },
      { getNextPageParam: (page) => page.nextCursor, staleTime: 0 },
    ),
  );
  if (answers.isPending) return <p className="text-muted-foreground text-sm">Loading…</p>;
  if (answers.isError) {
    const { code, message } = failureOf(answers.error);
    return (
      <p role="alert" className="text-destructive text-sm">
        {code === 'not-found' ? NOT_A_MEMBER : message}
      </p>
    );
  }
  const items = answers.data.pages.flatMap((page) => page.items);
  if (items.length === 0)
    return (
      <p className="text-muted-foreground text-sm">Nothing answered yet. Your answers will be listed here.</p>
    );
  return (
    <>
      <ul className="grid gap-1">
        {items.map((item) => (
          <li key={item.judgmentId}>
            <button
              type="button"
              onClick={() => onOpen(item.judgmentId)}
              className="grid min-h-11 w-full gap-0.5 rounded-md border px-3 py-2 text-left hover:bg-muted"
            >
              <span dir="auto" className="truncate">
                {item.promptExcerpt}
              </span>
              <span className="flex justify-between gap-3 text-muted-foreground text-xs">
                <span>
                  {placingText(item)}
                  {item.revision > 1 && `, corrected ${item.revision - 1}×`}
                </span>
                <Time at={item.submittedAt} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      <ShowMore pages={answers} label="Show older" className="mt-3 w-full" />
    </>
  );
}

/** "B > A = C" by the letters that the person saw. */
function placingText(item: Pick<OwnJudgment, 'placing' | 'tieKind' | 'notRankable'>): string {
  if (item.notRankable) return 'not rankable';
  if (item.tieKind === 'both_bad') return 'all bad';
  const letter = (place: number) => String.fromCharCode(64 + place);
  return item.placing.map((group) => group.map(letter).join(' = ')).join(' > ');
}
