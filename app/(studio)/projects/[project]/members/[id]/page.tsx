import type { Metadata } from 'next';
import { orNotFound, requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { DetailHeader, Facts, Section } from '@/app/(studio)/projects/[project]/_components/detail.tsx';
import { ErasePerson } from '@/app/(studio)/projects/[project]/_components/erase-dialog.tsx';
import { ErasureNotes } from '@/app/(studio)/projects/[project]/_components/erasure-notes.tsx';
import { JudgmentTable } from '@/app/(studio)/projects/[project]/data/judgments/_components/judgment-table.tsx';
import { Withdrawal } from '@/app/(studio)/projects/[project]/members/_components/withdrawal.tsx';
import { formatDuration } from '@/lib/format-duration.ts';

export const metadata: Metadata = { title: 'Person' };

type Props = { params: Promise<{ project: string; id: string }> };

export default async function PersonPage({ params }: Props) {
  const { project: slug, id: userId } = await params;
  const { project, role, may, session } = await requireProject(slug);
  if (!may.includes('members.read') || !may.includes('judgments.read'))
    return <NoRight role={role} project={project} needs="members.read" />;
  const caller = await serverCaller();
  const person = await orNotFound(caller.judgments.person({ projectId: project.id, userId }));
  const erasures = await caller.erasures.list({ projectId: project.id, subjectId: userId });
  const { member, agreement, numMeasured } = person;
  const flags = Object.entries(person.flags).map(([flag, count]) => `${flag.replaceAll('_', ' ')} ${count}`);
  return (
    <div className="grid gap-5">
      <DetailHeader title={<bdi>{member.name ?? member.pseudonym}</bdi>} id={userId} level={1} />
      <ErasureNotes erasures={erasures} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Section title="Person">
          <Facts
            facts={[
              ['Pseudonym', member.pseudonym],
              ['Role', member.role],
              ['Joined', <Time key="joined" at={member.createdAt} />],
              ['Simulated', member.isSimulated ? 'yes' : null],
              ['Disabled', member.isDisabled ? 'yes' : null],
            ]}
          />
        </Section>
        <Section title={numMeasured < person.numJudged ? `Figures of the newest ${numMeasured}` : 'Figures'}>
          <Facts
            facts={[
              ['Tasks judged', person.numJudged.toLocaleString('en-US')],
              ['Active per task', duration(person.medianActiveMs)],
              ['From shown to sent', duration(person.medianTookMs)],
              ['Corrected', numMeasured === 0 ? null : `${person.numCorrected} of ${numMeasured}`],
              ['Flags given', flags.length === 0 ? 'none' : flags.join(', ')],
              [
                'Agreement',
                agreement === null
                  ? 'undefined: nobody else decided the same pairs of responses'
                  : `${((100 * agreement.same) / agreement.of).toFixed(1)} % of ${agreement.of} pairs of responses that another person decided too`,
              ],
            ]}
          />
        </Section>
      </div>
      <Section title="If these judgments are withdrawn">
        <Withdrawal
          projectId={project.id}
          slug={slug}
          userId={userId}
          mayWithdraw={may.includes('members.update')}
        />
      </Section>
      <h2 className="font-semibold">Judgments</h2>
      <JudgmentTable projectId={project.id} slug={slug} userId={userId} />
      {session.isInstanceOwner && erasures.length === 0 && userId !== session.userId && (
        <div>
          <ErasePerson
            userId={userId}
            button="Erase person"
            title={`Erase ${member.name ?? member.pseudonym}?`}
          >
            <p>
              Name, mail, the reasons that this person gave, sessions, tokens and second factor go for good,
              in every project; snapshots and exports that hold such reasons are served no more. The person is
              shut out at once.
            </p>
            <p>What they judged stays, under the pseudonym {member.pseudonym}.</p>
          </ErasePerson>
        </div>
      )}
    </div>
  );
}

const duration = (ms: number | null) => (ms === null ? null : `${formatDuration(ms / 1000)} (median)`);
