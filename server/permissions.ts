import type { Role } from '../lib/roles.ts';

/**
 * Who may do what in a project. Every procedure names one of these; tests/architecture walks every role through every cell.
 * The owner of the installation counts as project owner everywhere.
 */
export const PERMISSIONS = {
  'project.read': ['owner', 'researcher', 'annotator', 'auditor'],
  'project.update': ['owner'],
  'project.archive': ['owner'],
  'members.read': ['owner', 'researcher', 'auditor'],
  'members.invite': ['owner'],
  'members.update': ['owner'],
  'guidelines.write': ['owner', 'researcher'],
  'data.read': ['owner', 'researcher', 'auditor'],
  'data.erase': ['owner'],
  'data.import': ['owner', 'researcher'],
  'tasks.create': ['owner', 'researcher'],
  'tasks.label': ['owner', 'researcher', 'annotator'],
  'judgments.read-own': ['owner', 'researcher', 'annotator'],
  'judgments.read': ['owner', 'researcher', 'auditor'],
  // whoever checks must not depend on a selection that those who are checked have made
  'snapshots.create': ['owner', 'researcher', 'auditor'],
  'snapshots.export': ['owner', 'researcher', 'auditor'],
  'models.read': ['owner', 'researcher', 'auditor'],
  'models.register': ['owner', 'researcher'],
  'models.download': ['owner', 'researcher', 'auditor'],
  'runs.read': ['owner', 'researcher', 'auditor'],
  'runs.start': ['owner', 'researcher'],
  'schedules.write': ['owner', 'researcher'],
  'audit.read': ['owner', 'auditor'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

/** Every right of a role, for pages that show only what may be done. */
export function permissionsOf(role: Role): Permission[] {
  return (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => roleMay(role, permission));
}

export function roleMay(role: Role, permission: Permission): boolean {
  return (PERMISSIONS[permission] as readonly Role[]).includes(role);
}

/** What may still be done in a project that is archived: it is read, taken home, erased from, brought back; nothing is written. */
const IN_ARCHIVE: readonly Permission[] = [
  ...([
    'project.read',
    'project.archive',
    'members.read',
    'data.read',
    'data.erase',
    'judgments.read',
  ] as const),
  ...(['judgments.read-own', 'snapshots.export', 'models.read', 'models.download', 'runs.read'] as const),
  'audit.read',
];

export function mayInArchive(permission: Permission): boolean {
  return IN_ARCHIVE.includes(permission);
}
