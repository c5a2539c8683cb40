'use client';

import Link from 'next/link';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { Kbd } from '@/app/_ui/kbd.tsx';
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

type Emptiness = 'no-tasks' | 'held' | 'answered' | 'others-answered';

const EMPTY: Record<Emptiness, { title: string; text: string }> = {
  'no-tasks': {
    title: 'There are no tasks yet',
    text: 'Nobody has been asked anything in this project so far. As soon as researchers make tasks, they appear here by themselves.',
  },
  held: {
    title: 'Others hold the rest right now',
    text: 'Every task that is left for you is open at somebody else. What they do not answer comes back, and appears here by itself.',
  },
  answered: {
    title: 'Nothing waits for you',
    text: 'You have answered or skipped every task that is open to you. New ones appear here by themselves.',
  },
  'others-answered': {
    title: 'Nothing waits for you',
    text: 'Every task has been answered by as many people as it asks for, or was skipped by you. New ones appear here by themselves.',
  },
};

function emptinessOf({ nothingOpen, progress }: FeedState): Emptiness {
  if (nothingOpen === 'no-tasks' || nothingOpen === 'held') return nothingOpen;
  return (progress?.mine ?? 0) > 0 ? 'answered' : 'others-answered';
}

/** What stands in place of a task: loading, all done, or why not. */
export function NoTask({ state, project, isWaiting, isCovered, onRetry, onCommand }: Props) {
  useLabelKeys({ run: onCommand, isDialogOpen: isCovered, isDragging: false, isPair: true });
  const hasAnswered = (state.progress?.mine ?? 0) > 0;
  if (state.status === 'loading' || state.status === 'ready')
    return (
      <p className="m-auto p-6 text-muted-foreground" aria-live="polite">
        {isWaiting ? 'Sending your answer, then the next task…' : 'Loading the next task…'}
      </p>
    );
  if (state.status === 'empty') {
    const { title, text } = EMPTY[emptinessOf(state)];
    return (
      <div className="m-auto max-w-lg p-6" data-testid="all-done">
        <EmptyState
          title={title}
          action={
            <>
              <Button onClick={onRetry}>Look again</Button>
              {hasAnswered && (
                <Button variant="outline" onClick={() => onCommand({ type: 'mine' })}>
                  My answers <Kbd className="max-sm:hidden">M</Kbd>
                </Button>
              )}
              <Button asChild variant="outline">
                <Link href={`/projects/${project.slug}`}>
                  Back to <bdi>{project.name}</bdi>
                </Link>
              </Button>
            </>
          }
        >
          {text}
        </EmptyState>
      </div>
    );
  }
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
