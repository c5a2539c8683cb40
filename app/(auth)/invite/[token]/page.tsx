import type { Metadata } from 'next';
import Link from 'next/link';
import { serverCaller } from '@/app/_trpc/server.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent } from '@/app/_ui/card.tsx';
import { foundOrReason } from '@/app/(auth)/_components/found-or-reason.ts';
import { readSession } from '@/server/auth/require-session.ts';
import { oidcProviderName } from '@/server/auth/session.ts';
import { ROLE_MEANING } from '@/server/projects/schemas.ts';
import { InviteForm } from './_components/invite-form.tsx';

export const metadata: Metadata = { title: 'Invitation', referrer: 'no-referrer' };

export default async function InvitePage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const session = await readSession();
  const caller = await serverCaller();
  const invite = await foundOrReason(caller.users.invite({ token }));
  return (
    <Card>
      <CardContent className="grid gap-4 pt-5">
        {typeof invite === 'string' ? (
          <>
            <h1 className="text-lg font-semibold">This invitation does not work</h1>
            <p className="text-sm">{invite}</p>
            <Button asChild variant="outline">
              <Link href="/">To the start page</Link>
            </Button>
          </>
        ) : (
          <>
            <div className="grid gap-1">
              <h1 className="text-lg font-semibold">Join {invite.projectName}</h1>
              <p className="text-sm text-muted-foreground">
                You are invited as <strong className="font-medium text-foreground">{invite.role}</strong>.{' '}
                {ROLE_MEANING[invite.role]}
              </p>
            </div>
            <InviteForm token={token} signedInAs={session?.name ?? null} oidcName={oidcProviderName()} />
          </>
        )}
      </CardContent>
    </Card>
  );
}
