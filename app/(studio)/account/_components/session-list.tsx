'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import type { ListedSession } from '@/server/sessions/list.ts';

/** Where the person is signed in; each can be ended, or all at once. */
export function SessionList({ initial }: { initial: ListedSession[] }) {
  const trpc = useTRPC();
  const toast = useToast();
  const sessions = useQuery(trpc.users.sessions.queryOptions(undefined, { initialData: initial }));
  const end = useMutation(
    trpc.users.endSession.mutationOptions({
      onSuccess: (_, { sessionId }) => {
        if (sessionId === 'all') return window.location.assign('/sign-in');
        toast('Session ended', { tone: 'success' });
        void sessions.refetch();
      },
      onError: (error) => {
        toast('Not ended', { detail: errorText(error), tone: 'danger' });
        void sessions.refetch();
      },
    }),
  );
  const isEnding = (sessionId: string) => end.isPending && end.variables.sessionId === sessionId;
  return (
    <Card aria-labelledby="sessions">
      <CardHeader>
        <div>
          <CardTitle id="sessions">Sessions</CardTitle>
          <CardDescription>
            Where you are signed in. A session that ends stops working at once.
          </CardDescription>
        </div>
        <Button
          size="sm"
          variant="destructive"
          isBusy={isEnding('all')}
          onClick={() => end.mutate({ sessionId: 'all' })}
        >
          Sign out everywhere
        </Button>
      </CardHeader>
      <CardContent>
        <ul className="divide-y rounded-md border" aria-label="Sessions">
          {sessions.data.map(({ id, device, createdAt, lastSeenAt, isThis }) => (
            <li key={id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-2 font-medium">
                  {device}
                  {isThis ? <Badge tone="accent">this one</Badge> : null}
                </p>
                <p className="text-xs text-muted-foreground">
                  <span className="whitespace-nowrap">
                    since <Time at={createdAt} />,
                  </span>{' '}
                  <span className="whitespace-nowrap">
                    seen <Time at={lastSeenAt} />
                  </span>
                </p>
              </div>
              {isThis ? null : (
                <Button
                  size="sm"
                  variant="destructive"
                  aria-label={`End the session on ${device}`}
                  isBusy={isEnding(id)}
                  onClick={() => end.mutate({ sessionId: id })}
                >
                  End
                </Button>
              )}
            </li>
          ))}
        </ul>
      </CardContent>
    </Card>
  );
}
