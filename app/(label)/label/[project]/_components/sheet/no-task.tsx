'use client';

import Link from 'next/link';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import type { LabelProject } from '../label-project.ts';
import type { LabelCommand } from '../ranking/keyboard.ts';
import { useLabelKeys } from '../ranking/use-label-keys.ts';
import type { FeedState } from '../sending/task-feed.ts';

type Props = {
  state: FeedState;
  project: LabelProject;
  isWaiting: boolean;
  /** a side panel of the page is open */
  isCovered: boolean;
  onRetry: () => void;
  onCommand: (command: LabelCommand) => void;
};

/** What stands in place of a task: loading, all done, or why not. */
export function NoTask({ state, project, isWaiting, isCovered, onRetry, onCommand }: Props) {
  useLabelKeys({ run: onCommand, isDialogOpen: isCovered, isDragging: false, isPair: true });
  if (state.status === 'loading' || state.status === 'ready')
    return (
      <p className="m-auto p-6 text-muted-foreground" aria-live="polite">
        {isWaiting ? 'Sending your answer, then the next task…' : 'Loading the next task…'}
      </p>
    );
  if (state.status === 'empty')
    return (
      <div className="m-auto max-w-lg p-6" data-testid="all-done">
        <EmptyState
          title="Nothing waits for you"
          action={
            <>
              <Button onClick={onRetry}>Look again</Button>
              <Button asChild variant="outline">
                <Link href={`/projects/${project.slug}`}>Back to {project.name}</Link>
              </Button>
            </>
          }
        >
          You have answered every task that is open to you. Press M to look through your answers.
        </EmptyState>
      </div>
    );
  return (
    <div className="m-auto max-w-lg p-6" role="alert">
      <EmptyState
        title={state.status === 'unreachable' ? 'No connection to the server' : 'No task can be shown'}
        action={<Button onClick={onRetry}>Try now</Button>}
      >
        {state.message} {state.status === 'unreachable' && 'Trying again by itself every few seconds.'}
      </EmptyState>
    </div>
  );
}
