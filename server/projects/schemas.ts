import { z } from 'zod';
import { ROLES, type Role } from '../../lib/roles.ts';
import { inputText } from '../../lib/well-formed.ts';

export const projectSettingsSchema = z.strictObject({
  overlap: z.int().min(1).max(20),
  leaseMinutes: z.int().min(1).max(240),
  heldOutShare: z.number().min(0).max(0.5),
  askStrength: z.boolean(),
  requireRationale: z.boolean(),
});
export type ProjectSettings = z.infer<typeof projectSettingsSchema>;

export const DEFAULT_SETTINGS: ProjectSettings = {
  overlap: 1,
  leaseMinutes: 15,
  heldOutShare: 0.1,
  askStrength: true,
  requireRationale: false,
};

const projectName = inputText().trim().min(1, 'Give the project a name.').max(80);
const description = inputText().trim().max(500);

/** Addresses of pages and the CLI's --project use it. */
export const slugSchema = inputText()
  .min(1)
  .max(48)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'Small letters, digits and single hyphens, such as "support-answers".')
  // a page of its own stands at this address
  .refine((slug) => slug !== 'new', '"new" is taken.');

export const createProjectInput = z.strictObject({
  name: projectName,
  /** made from the name when not given */
  slug: slugSchema.optional(),
  description: description.default(''),
  settings: projectSettingsSchema.partial().default({}),
  /** the first version of the guideline; a short general one when not given */
  guideline: inputText().trim().min(1).max(50_000).optional(),
});
export type CreateProjectInput = z.input<typeof createProjectInput>;

export const updateProjectInput = z.strictObject({
  projectId: inputText(),
  name: projectName.optional(),
  description: description.optional(),
  settings: projectSettingsSchema.partial().optional(),
});
export type UpdateProjectInput = z.infer<typeof updateProjectInput>;

export const archiveProjectInput = z.strictObject({
  projectId: inputText(),
  /** until it is deleted */
  days: z.int().min(1).max(365).default(30),
});
export type ArchiveProjectInput = z.infer<typeof archiveProjectInput>;

export const writeGuidelineInput = z.strictObject({
  projectId: inputText(),
  text: inputText().trim().min(1, 'A guideline cannot be empty.').max(50_000),
  /** the version it was edited from: refused when somebody else wrote one in the meantime */
  basedOn: z.int(),
});
export type WriteGuidelineInput = z.infer<typeof writeGuidelineInput>;

export const locateInput = z.strictObject({ projectId: inputText(), id: inputText().min(1).max(64) });
export type LocateInput = z.infer<typeof locateInput>;

export const createInviteInput = z.strictObject({
  projectId: inputText(),
  role: z.enum(ROLES),
  days: z.int().min(1).max(30).default(7),
});
export type CreateInviteInput = z.input<typeof createInviteInput>;

export const changeRoleInput = z.strictObject({
  projectId: inputText(),
  userId: inputText().max(64),
  role: z.enum(ROLES),
});
export type ChangeRoleInput = z.infer<typeof changeRoleInput>;

export const removeMemberInput = z.strictObject({ projectId: inputText(), userId: inputText().max(64) });
export type RemoveMemberInput = z.infer<typeof removeMemberInput>;

/** What each role is for, in the words of the pages. */
export const ROLE_MEANING: Record<Role, string> = {
  owner: 'Invites people, gives roles, changes the settings; may do everything else too.',
  researcher: 'Imports data, makes tasks and snapshots, trains and promotes models.',
  annotator: 'Labels. Sees no model names and nobody else’s answers.',
  auditor: 'Reads and exports everything, under pseudonyms; changes nothing.',
};
