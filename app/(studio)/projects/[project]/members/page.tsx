import type { Metadata } from 'next';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { InviteList } from './_components/invite-list.tsx';
import { MemberTable } from './_components/member-table.tsx';

export const metadata: Metadata = { title: 'Members' };

export default async function MembersPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, role, may, session } = await requireProject((await params).project);
  if (!may.includes('members.read')) return <NoRight role={role} project={project} needs="members.read" />;
  const caller = await serverCaller();
  const projectId = project.id;
  const mayInvite = may.includes('members.invite');
  const [members, progress] = await Promise.all([
    caller.projects.members({ projectId }),
    caller.projects.memberProgress({ projectId }),
  ]);
  const invites = mayInvite ? await caller.projects.invites({ projectId }) : [];
  return (
    <>
      <PageHeader
        title="Members"
        description={
          mayInvite
            ? 'Judgments, exports and auditors show the pseudonym, never the name.'
            : 'You see pseudonyms; owners of the project see names.'
        }
      />
      <div className="grid grid-cols-1 gap-6">
        <MemberTable
          projectId={projectId}
          slug={project.slug}
          members={members}
          progress={progress}
          myId={session.userId}
          mayChange={may.includes('members.update')}
          mayDisable={session.isInstanceOwner}
        />
        {mayInvite ? <InviteList projectId={projectId} initial={invites} /> : null}
      </div>
    </>
  );
}
