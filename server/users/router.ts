import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';
import { createSignInLimits } from '../auth/sign-in-limits.ts';
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
import { createToken } from './create-token.ts';
import { listTokens } from './list-tokens.ts';
import { readMe } from './me.ts';
import { readInvite } from './read-invite.ts';
import { revokeToken } from './revoke-token.ts';
import { acceptInviteInput, acceptOwnerLinkInput, changePasswordInput, createTokenInput } from './schemas.ts';
import { setDisabled } from './set-disabled.ts';

const passwordLimits = createSignInLimits();

export const usersRouter = router({
  me: signedInProcedure.query(({ ctx }) => readMe({ ctx })),
  acceptOwnerLink: publicProcedure
    .input(acceptOwnerLinkInput)
    .mutation(({ ctx, input }) => acceptOwnerLink({ ctx, input })),
  invite: publicProcedure
    .input(z.strictObject({ token: inputText().max(100) }))
    .query(({ ctx, input }) => readInvite({ ctx, input })),
  acceptInvite: publicProcedure
    .input(acceptInviteInput)
    .mutation(({ ctx, input }) => acceptInvite({ ctx, input })),
  changePassword: sessionProcedure
    .input(changePasswordInput)
    .mutation(({ ctx, input }) => changePassword({ ctx, input }, passwordLimits)),
  tokens: sessionProcedure.query(({ ctx }) => listTokens({ ctx })),
  createToken: sessionProcedure
    .input(createTokenInput)
    .mutation(({ ctx, input }) => createToken({ ctx, input })),
  revokeToken: sessionProcedure
    .input(z.strictObject({ tokenId: inputText().max(64) }))
    .mutation(({ ctx, input }) => revokeToken({ ctx, input })),
  setDisabled: instanceOwnerProcedure
    .input(z.strictObject({ userId: inputText().max(64), isDisabled: z.boolean() }))
    .mutation(({ ctx, input }) => setDisabled({ ctx, input })),
});
