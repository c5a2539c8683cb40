import type { Metadata } from 'next';
import Link from 'next/link';
import { serverCaller } from '@/app/_trpc/server.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent } from '@/app/_ui/card.tsx';
import { foundOrReason } from '@/app/(auth)/_components/found-or-reason.ts';
import { ResetForm } from './_components/reset-form.tsx';

export const metadata: Metadata = { title: 'New password', referrer: 'no-referrer' };

export default async function ResetPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const caller = await serverCaller();
  const person = await foundOrReason(caller.users.resetLink({ token }));
  return (
    <Card>
      <CardContent className="grid gap-4 pt-5">
        {typeof person === 'string' ? (
          <>
            <h1 className="text-lg font-semibold">This link does not work</h1>
            <p className="text-sm">{person}</p>
            <Button asChild variant="outline">
              <Link href="/sign-in">Go to the sign-in page</Link>
            </Button>
          </>
        ) : (
          <>
            <div className="grid gap-1">
              <h1 className="text-lg font-semibold">A new password for {person.name}</h1>
              <p className="text-sm text-muted-foreground">
                Setting it signs you out everywhere. The link works once.
              </p>
            </div>
            <ResetForm token={token} email={person.email} />
          </>
        )}
      </CardContent>
    </Card>
  );
}
