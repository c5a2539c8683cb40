import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';
import { instanceOwnerProcedure, projectProcedure, router, signedInProcedure } from '../trpc.ts';
import { readActivity } from './activity.ts';
import { archiveProject } from './archive.ts';
import { bringBackProject } from './bring-back.ts';
import { changeRole } from './change-role.ts';
import { createProject } from './create.ts';
import { createInvite } from './create-invite.ts';
import { getProjectBySlug } from './get-by-slug.ts';
import { listProjects } from './list.ts';
import { listArchived } from './list-archived.ts';
import { listGuidelines } from './list-guidelines.ts';
import { listInvites } from './list-invites.ts';
import { listMembers } from './list-members.ts';
import { locate } from './locate.ts';
import { readMemberProgress } from './member-progress.ts';
import { readOverview } from './overview.ts';
import { readPipeline } from './pipeline.ts';
import { removeMember } from './remove-member.ts';
import { revokeInvite } from './revoke-invite.ts';
import {
  archiveProjectInput,
  changeRoleInput,
  createInviteInput,
  createProjectInput,
  locateInput,
  removeMemberInput,
  updateProjectInput,
  writeGuidelineInput,
} from './schemas.ts';
import { updateProject } from './update.ts';
import { writeGuideline } from './write-guideline.ts';

export const projectsRouter = router({
  list: signedInProcedure('read').query(({ ctx }) => listProjects({ ctx })),
  create: instanceOwnerProcedure('write')
    .input(createProjectInput)
    .mutation(({ ctx, input }) => createProject({ ctx, input })),
  /** not a project procedure, because pages know the slug only; the verb checks membership */
  bySlug: signedInProcedure('read')
    .input(z.strictObject({ slug: inputText().max(64) }))
    .query(({ ctx, input }) => getProjectBySlug({ ctx, input })),
  // for whoever may see the project's things; its own read is none of their data, so no auditor's look is noted
  locate: projectProcedure('runs.read', 'read')
    .input(locateInput)
    .query(({ ctx, input }) => locate({ ctx, input })),
  overview: projectProcedure('project.read', 'read').query(({ ctx, input }) => readOverview({ ctx, input })),
  activity: projectProcedure('data.read', 'read').query(({ ctx, input }) => readActivity({ ctx, input })),
  pipeline: projectProcedure('runs.read', 'read').query(({ ctx, input }) => readPipeline({ ctx, input })),
  memberProgress: projectProcedure('members.read', 'read').query(({ ctx, input }) =>
    readMemberProgress({ ctx, input }),
  ),
  update: projectProcedure('project.update', 'write')
    .input(updateProjectInput)
    .mutation(({ ctx, input }) => updateProject({ ctx, input })),
  archive: projectProcedure('project.archive', 'write')
    .input(archiveProjectInput)
    .mutation(({ ctx, input }) => archiveProject({ ctx, input })),
  bringBack: projectProcedure('project.archive', 'write').mutation(({ ctx, input }) =>
    bringBackProject({ ctx, input }),
  ),
  archived: signedInProcedure('read').query(({ ctx }) => listArchived({ ctx })),
  guidelines: projectProcedure('project.read', 'read').query(({ ctx, input }) =>
    listGuidelines({ ctx, input }),
  ),
  writeGuideline: projectProcedure('guidelines.write', 'write')
    .input(writeGuidelineInput)
    .mutation(({ ctx, input }) => writeGuideline({ ctx, input })),
  members: projectProcedure('members.read', 'read').query(({ ctx, input }) => listMembers({ ctx, input })),
  changeRole: projectProcedure('members.update', 'write')
    .input(changeRoleInput)
    .mutation(({ ctx, input }) => changeRole({ ctx, input })),
  removeMember: projectProcedure('members.update', 'write')
    .input(removeMemberInput)
    .mutation(({ ctx, input }) => removeMember({ ctx, input })),
  invites: projectProcedure('members.invite', 'read').query(({ ctx, input }) => listInvites({ ctx, input })),
  invite: projectProcedure('members.invite', 'credential')
    .input(createInviteInput)
    .mutation(({ ctx, input }) => createInvite({ ctx, input })),
  revokeInvite: projectProcedure('members.invite', 'write')
    .input(z.strictObject({ projectId: inputText(), inviteId: inputText().max(64) }))
    .mutation(({ ctx, input }) => revokeInvite({ ctx, input })),
});
