'use client';

import { TriangleAlertIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Health } from '@/server/health.ts';
import { Button } from './_ui/button.tsx';
import { EmptyState } from './_ui/empty-state.tsx';

export default function ErrorPage({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  const problems = useProblems();
  return (
    <div className="mx-auto w-full max-w-lg px-4 py-16" role="alert">
      <EmptyState
        icon={TriangleAlertIcon}
        title="This page could not be shown"
        action={<Button onClick={reset}>Try again</Button>}
      >
        {problems.map((problem) => (
          <span key={problem} className="mb-2 block font-medium text-foreground">
            {problem}
          </span>
        ))}
        The server’s log says why
        {error.digest ? (
          <>
            {' '}
            (reference <code className="font-mono">{error.digest}</code>)
          </>
        ) : null}
        . Nothing you saved is lost.
      </EmptyState>
    </div>
  );
}

/** What the server knows to be wrong with itself: a full disk, a damaged database. */
function useProblems(): string[] {
  const [problems, setProblems] = useState<string[]>([]);
  useEffect(() => {
    fetch('/api/health')
      .then((answer) => answer.json() as Promise<Health>)
      .then(({ disk, database }) =>
        setProblems([disk.problem, database.problem].filter((text) => text !== null)),
      )
      .catch(() => {
        // no answer at all: then the words above are all there is to say
      });
  }, []);
  return problems;
}
