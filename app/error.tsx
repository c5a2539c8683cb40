'use client';

import { TriangleAlertIcon } from 'lucide-react';
import { Button } from './_ui/button.tsx';
import { EmptyState } from './_ui/empty-state.tsx';

export default function ErrorPage({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  return (
    <div className="mx-auto w-full max-w-lg px-4 py-16" role="alert">
      <EmptyState
        icon={TriangleAlertIcon}
        title="This page could not be shown"
        action={<Button onClick={reset}>Try again</Button>}
      >
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
