import { Facts, Section } from '@/app/(studio)/projects/[project]/_components/detail.tsx';
import type { ProjectSettings } from '@/server/projects/schemas.ts';

/** The settings for who may read and not change them: said, not greyed out. */
export function SettingsFacts({ settings }: { settings: ProjectSettings }) {
  const { overlap, leaseMinutes, heldOutShare, askStrength, requireRationale } = settings;
  return (
    <Section title="Project">
      <Facts
        facts={[
          ['Annotators per task', String(overlap)],
          ['Lease', `${leaseMinutes} minutes, then a task goes to somebody else`],
          ['Held out', `${Math.round(heldOutShare * 100)} % of new prompts are kept from training`],
          ['How much better', askStrength ? 'asked, for pairs' : 'not asked'],
          ['Reason', requireRationale ? 'required with every judgment' : 'as annotators like'],
        ]}
      />
    </Section>
  );
}
