import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';

export const TOKEN_SCOPES = ['read', 'write'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

export const passwordSchema = inputText()
  .min(12, 'At least 12 characters: a few words are easy to remember.')
  .max(200);

const person = {
  name: inputText().trim().min(1, 'How should we call you?').max(100),
  email: inputText().pipe(
    z
      .email('Not an e-mail address.')
      .max(254)
      .transform((email) => email.toLowerCase()),
  ),
  password: passwordSchema,
};
const linkToken = inputText().max(100);

export const acceptOwnerLinkInput = z.strictObject({ token: linkToken, ...person });
export type AcceptOwnerLinkInput = z.infer<typeof acceptOwnerLinkInput>;

export const acceptInviteInput = z.strictObject({
  token: linkToken,
  /** for people who are new here; those who are signed in join as they are */
  person: z.strictObject(person).optional(),
});
export type AcceptInviteInput = z.infer<typeof acceptInviteInput>;

export const changePasswordInput = z.strictObject({
  /** not needed by people who have none yet (single sign-on) */
  currentPassword: inputText().max(200).optional(),
  newPassword: passwordSchema,
  /** also revoke the person's API tokens: whoever had the password may have made some */
  revokeTokens: z.boolean(),
});
export type ChangePasswordInput = z.infer<typeof changePasswordInput>;

export const createTokenInput = z.strictObject({
  name: inputText().trim().min(1, 'Say what the token is for.').max(80),
  scopes: z.array(z.enum(TOKEN_SCOPES)).min(1),
});
export type CreateTokenInput = z.infer<typeof createTokenInput>;

export const createResetLinkInput = z.strictObject({
  userId: inputText().max(64),
  /** for somebody who lost the device that makes the codes */
  endsSecondFactor: z.boolean(),
});
export type CreateResetLinkInput = z.infer<typeof createResetLinkInput>;

export const resetPasswordInput = z.strictObject({ token: linkToken, newPassword: passwordSchema });
export type ResetPasswordInput = z.infer<typeof resetPasswordInput>;
