import { CircleCheckIcon, TriangleAlertIcon } from 'lucide-react';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import type { RunEvent } from './use-run-updates.ts';

type SelfCheck = { name: string; value: number; tolerance: number };

/** The checks that a run had to pass before its first update, with the numbers. */
export function SelfChecks({ events }: { events: readonly RunEvent[] }) {
  // a resumed run makes its checks again: the last ones count
  const latest = new Map<string, SelfCheck>();
  for (const event of events) {
    if (event.type === 'self-check')
      latest.set((event.payload as SelfCheck).name, event.payload as SelfCheck);
  }
  if (latest.size === 0) return null;
  return (
    <Card>
      <CardHeader>
        <CardTitle>Self-checks before the first update</CardTitle>
      </CardHeader>
      <CardContent>
        <ul className="grid gap-1.5 text-sm">
          {[...latest.values()].map(({ name, value, tolerance }) => {
            const hasPassed = Math.abs(value) <= tolerance;
            return (
              <li key={name} className="flex items-start gap-2">
                {hasPassed ? (
                  <CircleCheckIcon className="mt-0.5 size-4 shrink-0 text-success" aria-label="passed" />
                ) : (
                  <TriangleAlertIcon
                    className="mt-0.5 size-4 shrink-0 text-destructive"
                    aria-label="failed"
                  />
                )}
                <span>
                  {name}
                  <span className="block text-xs text-muted-foreground">
                    off by {formatFigure(value)}, allowed {formatFigure(tolerance)}
                  </span>
                </span>
              </li>
            );
          })}
        </ul>
      </CardContent>
    </Card>
  );
}

/** What happened to the run, newest first. */
export function EventsList({ events }: { events: readonly RunEvent[] }) {
  const shown = events.filter((event) => event.type !== 'self-check').reverse();
  return (
    <Card>
      <CardHeader>
        <CardTitle>Events</CardTitle>
      </CardHeader>
      <CardContent>
        {shown.length === 0 ? (
          <p className="text-sm text-muted-foreground">Nothing yet: the run waits for the worker.</p>
        ) : (
          <ol className="grid gap-2 text-sm">
            {shown.map((event) => (
              <li key={event.id} className="grid grid-cols-[1fr_auto] gap-x-3">
                <span
                  className={
                    event.type === 'warning'
                      ? 'text-warning'
                      : event.type === 'failed'
                        ? 'text-destructive'
                        : ''
                  }
                >
                  {describeEvent(event)}
                </span>
                <span className="text-xs text-muted-foreground">
                  <Time at={event.at} />
                </span>
              </li>
            ))}
          </ol>
        )}
      </CardContent>
    </Card>
  );
}

const REASONS: Record<string, string> = {
  scheduled: 'as planned',
  interrupted: 'before stopping',
  final: 'the result',
};

function describeEvent(event: RunEvent): string {
  const payload = event.payload as Record<string, unknown>;
  const step = formatFigure(payload.step as number | undefined);
  switch (event.type) {
    case 'started':
      return 'Started';
    case 'resumed':
      return payload.fromStep === 0
        ? 'Started again from the beginning: no checkpoint was there yet'
        : `Resumed from the checkpoint of step ${formatFigure(payload.fromStep as number)}`;
    case 'checkpoints-lost':
      return `Its checkpoints up to step ${step} are gone or damaged: it rests until somebody decides`;
    case 'begun-anew':
      return `Begun anew by hand at step 0; ${formatFigure(payload.numSteps as number)} steps are kept apart`;
    case 'plan':
      return `${formatFigure(payload.totalSteps as number)} steps planned for ${formatFigure(payload.numParameters as number)} parameters on ${payload.backend}`;
    case 'checkpoint':
      return `Checkpoint at step ${step}, ${REASONS[String(payload.reason)] ?? payload.reason}`;
    case 'warning':
      return `Step ${step}: ${payload.message}`;
    case 'pause-requested':
      return 'Pausing was asked for';
    case 'paused':
      // before there was a state of that name, a run that waited again said so
      return 'error' in payload ? waitingAgain(step, payload) : `Paused at step ${step}`;
    case 'unpaused':
      return 'Resumed by hand';
    case 'waiting-again':
      return waitingAgain(step, payload);
    case 'cancel-requested':
      return 'Cancelling was asked for';
    case 'queued-again':
      return 'Put into the queue again';
    case 'succeeded':
      // asked to stop in its last step
      if (payload.tooLate === 'cancel') return 'Ended before it could be cancelled, result registered';
      if (payload.tooLate === 'pause') return 'Ended before it could be paused, result registered';
      return 'Ended, result registered';
    case 'failed':
      return `Failed: ${payload.error}`;
    case 'cancelled':
      return 'Cancelled';
    default:
      return event.type;
  }
}

function waitingAgain(step: string, payload: Record<string, unknown>): string {
  return `Put back into the queue at step ${step}: ${payload.error ?? 'the worker was stopped'}`;
}
