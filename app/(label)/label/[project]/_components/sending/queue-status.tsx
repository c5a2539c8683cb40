import { CloudOff, RefreshCw, TriangleAlert } from 'lucide-react';
import { Button } from '@/app/_ui/button.tsx';
import type { AnswerBody } from './answer-sender.ts';
import type { SubmitQueue } from './submit-queue.ts';

type Props = {
  queue: SubmitQueue<AnswerBody>;
  onTryNow: () => void;
  onRetry: (key: string) => void;
  onOpen: (key: string) => void;
  onDiscard: (key: string) => void;
};

/** What happens to answers on their way. Silent while all is well: sending normally takes a blink. */
export function QueueStatus({ queue, onTryNow, onRetry, onOpen, onDiscard }: Props) {
  const waiting = queue.filter((answer) => answer.state === 'waiting' && answer.error !== null);
  const refused = queue.filter((answer) => answer.state === 'refused');
  const count = waiting.length;
  return (
    <div aria-live="polite" data-testid="queue-status" className="empty:hidden">
      {count > 0 && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-warning/40 border-b bg-warning/10 px-4 py-2 text-sm">
          <CloudOff aria-hidden className="size-4 text-warning" />
          <span className="grow">
            {count === 1 ? '1 answer waits' : `${count} answers wait`} to be sent:{' '}
            {waiting[0]?.error?.message} Kept in this browser; sent by itself as soon as possible.
          </span>
          <Button size="sm" variant="outline" onClick={onTryNow}>
            <RefreshCw aria-hidden /> Try now
          </Button>
        </div>
      )}
      {refused.map((answer) => (
        <div
          key={answer.idempotencyKey}
          role="alert"
          className="flex flex-wrap items-center gap-x-3 gap-y-2 border-destructive/40 border-b bg-destructive/8 px-4 py-2 text-sm"
        >
          <TriangleAlert aria-hidden className="size-4 text-destructive" />
          <span className="grow">
            An answer was not taken: {answer.error?.message} What you chose and wrote is kept here.
          </span>
          <span className="flex gap-2">
            {answer.body.kind === 'record' && answer.error?.code === 'expired' && (
              <Button size="sm" onClick={() => onRetry(answer.idempotencyKey)}>
                Claim again and send
              </Button>
            )}
            <Button size="sm" variant="outline" onClick={() => onOpen(answer.idempotencyKey)}>
              Open it
            </Button>
            <Button size="sm" variant="destructive" onClick={() => onDiscard(answer.idempotencyKey)}>
              Discard
            </Button>
          </span>
        </div>
      ))}
    </div>
  );
}
