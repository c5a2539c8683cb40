import type { inferRouterOutputs } from '@trpc/server';
import { Badge } from '@/app/_ui/badge.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import { formatDuration } from '@/lib/format-duration.ts';
import type { AppRouter } from '@/server/root.ts';
import type { TryChoice } from './checkpoint-choice.tsx';

type Asked = inferRouterOutputs<AppRouter>['models']['asked'];

/** How far it is, and every answer so far with its scores, side by side. */
export function TryAnswers({ state, choices }: { state: Asked; choices: readonly TryChoice[] }) {
  const nameOf = (id: string) => choices.find((choice) => choice.id === id)?.name ?? id;
  const { progress, status } = state;
  const best = new Map<string, number>();
  for (const { scores } of progress?.answers ?? [])
    for (const [id, score] of Object.entries(scores)) best.set(id, Math.max(best.get(id) ?? score, score));
  return (
    <>
      <p role="status" className="text-sm text-muted-foreground">
        {statusText(state)}
      </p>
      {progress && (status === 'queued' || status === 'leased') ? (
        <Progress
          value={progress.done}
          max={progress.total}
          label={`${progress.done} of ${progress.total} models are through`}
        />
      ) : null}
      <FormError>{status === 'failed' ? state.error : null}</FormError>
      <div className="grid gap-4 md:grid-cols-2">
        {progress?.answers.map((answer) => (
          <Card key={answer.checkpointId ?? 'own'} data-testid="tried-answer">
            <CardHeader>
              <CardTitle>
                {answer.checkpointId === null ? 'Your own answer' : nameOf(answer.checkpointId)}
              </CardTitle>
              {answer.ended ? null : <Badge tone="warning">cut at its longest</Badge>}
            </CardHeader>
            <CardContent className="grid gap-3">
              <p dir="auto" className="text-sm break-words whitespace-pre-wrap">
                {answer.content || <span className="text-muted-foreground">(nothing)</span>}
              </p>
              {Object.keys(answer.scores).length === 0 ? null : (
                <dl className="grid gap-1 border-t pt-2 text-sm">
                  {Object.entries(answer.scores).map(([id, score]) => (
                    <div key={id} className="flex flex-wrap justify-between gap-x-3">
                      <dt className="text-muted-foreground">{nameOf(id)}</dt>
                      <dd className="font-medium">
                        {formatFigure(score)}{' '}
                        {(progress?.answers.length ?? 0) > 1 && best.get(id) === score ? (
                          <Badge tone="success">highest</Badge>
                        ) : null}
                      </dd>
                    </div>
                  ))}
                </dl>
              )}
            </CardContent>
          </Card>
        ))}
      </div>
    </>
  );
}

const WORK: Record<string, string> = {
  train: 'a run',
  generate: 'the writing of responses',
  evaluate: 'an evaluation',
  ask: 'another question',
  benchmark: 'the measuring of this machine',
  'register-model': 'the adding of a model',
};

function statusText({ status, progress, remainingSeconds, waitsFor, isStopping }: Asked): string {
  if (isStopping) return 'Stops when the model under way is through.';
  switch (status) {
    case 'queued':
      return waitsFor === null
        ? 'Waits for the worker.'
        : `Waits: the worker is at ${WORK[waitsFor] ?? waitsFor}, which ends or is paused first.`;
    case 'leased':
      return progress === null || progress.done === 0
        ? 'The first model is being read.'
        : `${progress.done} of ${progress.total} models are through${remainingSeconds === null ? '' : `, ${formatDuration(remainingSeconds)} left`}.`;
    case 'cancelled':
      return 'Cancelled; what was said until then stays here.';
    case 'failed':
      return 'It failed.';
    default:
      return 'Done.';
  }
}
