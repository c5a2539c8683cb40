import type { Metadata } from 'next';
import { serverCaller } from '@/app/_trpc/server.ts';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { requireSession } from '@/server/auth/require-session.ts';
import { PasswordForm } from './_components/password-form.tsx';
import { SecondFactor } from './_components/second-factor.tsx';
import { SessionList } from './_components/session-list.tsx';
import { SignOutButton } from './_components/sign-out-button.tsx';
import { TokenList } from './_components/token-list.tsx';

export const metadata: Metadata = { title: 'Account' };

export default async function AccountPage() {
  await requireSession();
  const caller = await serverCaller();
  const [me, tokens, sessions] = await Promise.all([
    caller.users.me(),
    caller.users.tokens(),
    caller.users.sessions(),
  ]);
  return (
    <>
      <PageHeader title={me.name} description={me.email} actions={<SignOutButton />} />
      {/* two stacks: rows would leave holes beside whatever grows */}
      <div className="grid grid-cols-1 items-start gap-6 xl:grid-cols-2">
        <div className="grid grid-cols-1 gap-6">
          <PasswordForm email={me.email} hasPassword={me.hasPassword} initialTokens={tokens} />
          <SessionList initial={sessions} />
        </div>
        <div className="grid grid-cols-1 gap-6">
          <SecondFactor
            isOn={me.hasSecondFactor}
            hasPassword={me.hasPassword}
            numRecoveryCodes={me.recoveryCodes}
          />
          <TokenList initial={tokens} />
        </div>
      </div>
    </>
  );
}
