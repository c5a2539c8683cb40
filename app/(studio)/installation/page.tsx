import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { pageContext, serverCaller } from '@/app/_trpc/server.ts';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { requireSession } from '@/server/auth/require-session.ts';
import { readHealth } from '@/server/health.ts';
import { BackupCard } from './_components/backup-card.tsx';
import { HealthCard } from './_components/health-card.tsx';

export const metadata: Metadata = { title: 'Installation' };

/** For the owner of the installation: how its parts are, and its backups. */
export default async function InstallationPage() {
  const session = await requireSession();
  if (!session.isInstanceOwner) notFound();
  const [{ dataFolder }, caller] = await Promise.all([pageContext(), serverCaller()]);
  const [health, backups] = await Promise.all([readHealth(dataFolder), caller.backups.state()]);
  return (
    <>
      <PageHeader title="Installation" description="What runs, and what is kept in case it is lost." />
      <div className="grid items-start gap-6 xl:grid-cols-2">
        <HealthCard health={health} />
        <BackupCard initial={backups} />
      </div>
    </>
  );
}
