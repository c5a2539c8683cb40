'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import type { ListedInvite } from '@/server/projects/list-invites.ts';
import { InviteDialog } from './invite-dialog.tsx';

const TONE = { open: 'accent', accepted: 'success', revoked: 'neutral', expired: 'neutral' } as const;

export function InviteList({ projectId, initial }: { projectId: string; initial: ListedInvite[] }) {
  const trpc = useTRPC();
  const toast = useToast();
  const invites = useQuery(trpc.projects.invites.queryOptions({ projectId }, { initialData: initial }));
  const revoke = useMutation(
    trpc.projects.revokeInvite.mutationOptions({
      onSuccess: () => toast('Invitation revoked', { tone: 'success' }),
      onError: (error) => toast('Not revoked', { detail: errorText(error), tone: 'danger' }),
      onSettled: () => invites.refetch(),
    }),
  );
  return (
    <Card aria-labelledby="invitations">
      <CardHeader>
        <div>
          <CardTitle id="invitations">Invitations</CardTitle>
          <CardDescription>
            A link works once, for whoever opens it first: send it by a safe way.
          </CardDescription>
        </div>
        <InviteDialog projectId={projectId} onCreated={() => void invites.refetch()} />
      </CardHeader>
      {invites.data.length === 0 ? (
        <CardContent>
          <p className="text-sm text-muted-foreground">No invitation has been made yet.</p>
        </CardContent>
      ) : (
        <Table aria-label="List of invitations">
          <TableHeader>
            <tr>
              <TableHead>Role</TableHead>
              <TableHead>State</TableHead>
              <TableHead className="max-sm:hidden">Made</TableHead>
              <TableHead>Expires</TableHead>
              <TableHead>
                <span className="sr-only">Actions</span>
              </TableHead>
            </tr>
          </TableHeader>
          <TableBody>
            {invites.data.map(({ id, role, state, createdAt, expiresAt }) => (
              <TableRow key={id}>
                <TableCell className="font-medium">{role}</TableCell>
                <TableCell>
                  <Badge tone={TONE[state]}>{state}</Badge>
                </TableCell>
                <TableCell className="text-muted-foreground max-sm:hidden">
                  <Time at={createdAt} />
                </TableCell>
                <TableCell className="text-muted-foreground">
                  <Time at={expiresAt} />
                </TableCell>
                <TableCell className="text-right">
                  {state === 'open' ? (
                    <Button
                      size="sm"
                      variant="destructive"
                      isBusy={revoke.isPending}
                      onClick={() => revoke.mutate({ projectId, inviteId: id })}
                    >
                      Revoke
                    </Button>
                  ) : null}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </Card>
  );
}
