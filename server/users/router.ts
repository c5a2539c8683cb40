import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';
import { createSignInLimits } from '../auth/sign-in-limits.ts';
import { beginSecondFactor } from '../second-factor/begin.ts';
import { confirmSecondFactor } from '../second-factor/confirm.ts';
import { newRecoveryCodes } from '../second-factor/new-recovery-codes.ts';
import { confirmSecondFactorInput, ownPasswordInput } from '../second-factor/schemas.ts';
import { turnOffSecondFactor } from '../second-factor/turn-off.ts';
import { endOwnSessions } from '../sessions/end.ts';
import { listSessions } from '../sessions/list.ts';
import {
  instanceOwnerProcedure,
  publicProcedure,
  router,
  sessionProcedure,
  signedInProcedure,
} from '../trpc.ts';
import { acceptInvite } from './accept-invite.ts';
import { acceptOwnerLink } from './accept-owner-link.ts';
import { changePassword } from './change-password.ts';
import { createResetLink } from './create-reset-link.ts';
import { createToken } from './create-token.ts';
import { listTokens } from './list-tokens.ts';
import { readMe } from './me.ts';
import { readInvite } from './read-invite.ts';
import { readResetLink } from './read-reset-link.ts';
import { resetPassword } from './reset-password.ts';
import { revokeToken } from './revoke-token.ts';
import {
  acceptInviteInput,
  acceptOwnerLinkInput,
  changePasswordInput,
  createResetLinkInput,
  createTokenInput,
  resetPasswordInput,
} from './schemas.ts';
import { setDisabled } from './set-disabled.ts';

const passwordLimits = createSignInLimits();

export const usersRouter = router({
  me: signedInProcedure('read').query(({ ctx }) => readMe({ ctx })),
  acceptOwnerLink: publicProcedure('guess')
    .input(acceptOwnerLinkInput)
    .mutation(({ ctx, input }) => acceptOwnerLink({ ctx, input })),
  invite: publicProcedure('guess')
    .input(z.strictObject({ token: inputText().max(100) }))
    .query(({ ctx, input }) => readInvite({ ctx, input })),
  acceptInvite: publicProcedure('guess')
    .input(acceptInviteInput)
    .mutation(({ ctx, input }) => acceptInvite({ ctx, input })),
  changePassword: sessionProcedure('guess')
    .input(changePasswordInput)
    .mutation(({ ctx, input }) => changePassword({ ctx, input }, passwordLimits)),
  sessions: sessionProcedure('read').query(({ ctx }) => listSessions({ ctx })),
  endSession: sessionProcedure('write')
    .input(z.strictObject({ sessionId: inputText().max(64) }))
    .mutation(({ ctx, input }) => endOwnSessions({ ctx, input })),
  beginSecondFactor: sessionProcedure('credential').mutation(({ ctx }) => beginSecondFactor({ ctx })),
  confirmSecondFactor: sessionProcedure('guess')
    .input(confirmSecondFactorInput)
    .mutation(({ ctx, input }) => confirmSecondFactor({ ctx, input }, passwordLimits)),
  newRecoveryCodes: sessionProcedure('guess')
    .input(ownPasswordInput)
    .mutation(({ ctx, input }) => newRecoveryCodes({ ctx, input }, passwordLimits)),
  turnOffSecondFactor: sessionProcedure('guess')
    .input(ownPasswordInput)
    .mutation(({ ctx, input }) => turnOffSecondFactor({ ctx, input }, passwordLimits)),
  createResetLink: instanceOwnerProcedure('credential')
    .input(createResetLinkInput)
    .mutation(({ ctx, input }) => createResetLink({ ctx, input })),
  resetLink: publicProcedure('guess')
    .input(z.strictObject({ token: inputText().max(100) }))
    .query(({ ctx, input }) => readResetLink({ ctx, input })),
  resetPassword: publicProcedure('guess')
    .input(resetPasswordInput)
    .mutation(({ ctx, input }) => resetPassword({ ctx, input })),
  tokens: sessionProcedure('read').query(({ ctx }) => listTokens({ ctx })),
  createToken: sessionProcedure('credential')
    .input(createTokenInput)
    .mutation(({ ctx, input }) => createToken({ ctx, input })),
  revokeToken: sessionProcedure('write')
    .input(z.strictObject({ tokenId: inputText().max(64) }))
    .mutation(({ ctx, input }) => revokeToken({ ctx, input })),
  setDisabled: instanceOwnerProcedure('write')
    .input(z.strictObject({ userId: inputText().max(64), isDisabled: z.boolean() }))
    .mutation(({ ctx, input }) => setDisabled({ ctx, input })),
});
