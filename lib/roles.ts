/** Roles of a member of a project. */
export const ROLES = ['owner', 'researcher', 'annotator', 'auditor'] as const;
export type Role = (typeof ROLES)[number];
