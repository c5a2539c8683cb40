import type { Role } from '@/lib/roles.ts';
import type { Permission } from '@/server/permissions.ts';
import { NotForYou } from './not-for-you.tsx';

/** The rights that whole pages need, in the words of somebody who lacks them. */
const IN_WORDS = {
  'data.read': 'see the project’s data',
  'snapshots.export': 'see snapshots or export data',
  'runs.read': 'see runs',
  'runs.start': 'start runs',
  'tasks.create': 'let models write',
  'models.read': 'see models',
  'members.read': 'see who is a member',
  'audit.read': 'read the audit log',
  'tasks.label': 'label',
} satisfies Partial<Record<Permission, string>>;

/** A page of a project for members whose role lacks the right: says which role they have and whom to ask. */
export function NoRight({
  role,
  project,
  needs,
}: {
  role: Role;
  project: { slug: string; name: string };
  needs: keyof typeof IN_WORDS;
}) {
  return (
    <NotForYou
      title={`Your role in this project is ${role}, which may not ${IN_WORDS[needs]}`}
      back={{ href: `/projects/${project.slug}`, label: `Back to ${project.name}` }}
    >
      An owner of the project can change roles on its members page.
    </NotForYou>
  );
}
