'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card } from '@/app/_ui/card.tsx';
import { cn } from '@/app/_ui/cn.ts';
import { Select } from '@/app/_ui/input.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import { IdLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import { ROLES, type Role } from '@/lib/roles.ts';
import type { Member } from '@/server/projects/list-members.ts';
import type { MemberProgress } from '@/server/projects/member-progress.ts';
import { RemoveMember, ResetLink } from './member-actions.tsx';

export function MemberTable({
  projectId,
  slug,
  members,
  progress,
  myId,
  mayChange,
  mayDisable,
}: {
  projectId: string;
  slug: string;
  members: Member[];
  progress: MemberProgress[];
  myId: string;
  mayChange: boolean;
  mayDisable: boolean;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const toast = useToast();
  const after = {
    onSuccess: () => {
      toast('Saved', { tone: 'success' });
      router.refresh();
    },
    onError: (error: { message: string }) => toast('Not saved', { detail: errorText(error), tone: 'danger' }),
  };
  const changeRole = useMutation(trpc.projects.changeRole.mutationOptions(after));
  const setDisabled = useMutation(trpc.users.setDisabled.mutationOptions(after));
  const progressOf = new Map(progress.map((row) => [row.userId, row]));
  const most = Math.max(1, ...progress.map(({ judged }) => judged));
  const label = (member: Member) => member.name ?? member.pseudonym;

  return (
    <Card>
      <Table aria-label="Members">
        <TableHeader>
          <tr>
            <TableHead className={mayChange ? 'max-sm:hidden' : undefined}>Pseudonym</TableHead>
            {mayChange ? <TableHead className="max-sm:pl-4">Name</TableHead> : null}
            <TableHead>Role</TableHead>
            <TableHead>Judged</TableHead>
            <TableHead className="max-sm:hidden">Last judged</TableHead>
            <TableHead className="max-sm:hidden">Joined</TableHead>
            {mayChange ? (
              <TableHead>
                <span className="sr-only">Actions</span>
              </TableHead>
            ) : null}
          </tr>
        </TableHeader>
        <TableBody>
          {members.map((member) => (
            <TableRow key={member.userId}>
              <TableCell className={cn('font-mono text-xs', mayChange && 'max-sm:hidden')}>
                <IdLink slug={slug} id={member.userId}>
                  {member.pseudonym}
                </IdLink>
              </TableCell>
              {mayChange ? (
                <TableCell className="max-sm:max-w-36 max-sm:pl-4">
                  <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
                    <IdLink slug={slug} id={member.userId}>
                      <bdi className="font-medium">{member.name}</bdi>
                    </IdLink>
                    <span className="font-mono text-xs text-muted-foreground sm:hidden">
                      {member.pseudonym}
                    </span>
                    {member.isSimulated ? <Badge tone="warning">simulated</Badge> : null}
                    {member.isDisabled ? <Badge tone="danger">disabled</Badge> : null}
                  </div>
                  <div className="truncate text-xs text-muted-foreground">{member.email}</div>
                </TableCell>
              ) : null}
              <TableCell>
                {mayChange ? (
                  <Select
                    className="h-8 w-36 max-sm:w-28 max-sm:px-2 max-sm:text-sm"
                    aria-label={`Role of ${label(member)}`}
                    value={member.role}
                    disabled={changeRole.isPending}
                    onChange={(event) =>
                      changeRole.mutate({
                        projectId,
                        userId: member.userId,
                        role: event.target.value as Role,
                      })
                    }
                  >
                    {ROLES.map((role) => (
                      <option key={role}>{role}</option>
                    ))}
                  </Select>
                ) : (
                  <span className="flex gap-2">
                    {member.role}
                    {member.isSimulated ? <Badge tone="warning">simulated</Badge> : null}
                  </span>
                )}
              </TableCell>
              <TableCell className="sm:min-w-24">
                <Judged progress={progressOf.get(member.userId)} most={most} />
              </TableCell>
              <TableCell className="text-muted-foreground max-sm:hidden">
                <LastJudged at={progressOf.get(member.userId)?.lastJudgedAt ?? null} />
              </TableCell>
              <TableCell className="text-muted-foreground max-sm:hidden">
                <Time at={member.createdAt} />
                <InvitedBy name={progressOf.get(member.userId)?.invitedBy ?? null} />
              </TableCell>
              {mayChange ? (
                <TableCell className="text-right">
                  <div className="flex flex-wrap items-center justify-end gap-2">
                    {member.userId === myId ? (
                      <span className="text-xs text-muted-foreground">you</span>
                    ) : (
                      <>
                        {mayDisable && !member.isSimulated && !member.isDisabled ? (
                          <ResetLink userId={member.userId} label={label(member)} />
                        ) : null}
                        {mayDisable ? (
                          <Button
                            size="sm"
                            variant={member.isDisabled ? 'outline' : 'destructive'}
                            aria-label={`${member.isDisabled ? 'Enable' : 'Disable'} ${label(member)}`}
                            onClick={() =>
                              setDisabled.mutate({ userId: member.userId, isDisabled: !member.isDisabled })
                            }
                          >
                            {member.isDisabled ? 'Enable' : 'Disable'}
                          </Button>
                        ) : null}
                        <RemoveMember projectId={projectId} userId={member.userId} label={label(member)} />
                      </>
                    )}
                  </div>
                </TableCell>
              ) : null}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Card>
  );
}

/** How many tasks somebody has judged, beside who has judged most. */
function Judged({ progress, most }: { progress: MemberProgress | undefined; most: number }) {
  if (!progress || (progress.judged === 0 && progress.held === 0)) return '–';
  const { judged, held } = progress;
  return (
    <div className="grid gap-1">
      <span className="whitespace-nowrap">
        {judged.toLocaleString('en-US')}
        {held > 0 ? <span className="text-xs text-muted-foreground">, {held} held</span> : null}
      </span>
      <Progress value={judged} max={most} label={`${judged} tasks judged`} className="max-sm:hidden" />
    </div>
  );
}

function LastJudged({ at }: { at: number | null }) {
  return at === null ? '–' : <Time at={at} />;
}

function InvitedBy({ name }: { name: string | null }) {
  return name === null ? null : (
    <span className="block text-xs">
      invited by <bdi>{name}</bdi>
    </span>
  );
}
