import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';

export const confirmSecondFactorInput = z.strictObject({
  code: inputText()
    .trim()
    .regex(/^\d{6}$/, 'A code is six digits.'),
});
export type ConfirmSecondFactorInput = z.infer<typeof confirmSecondFactorInput>;

export const ownPasswordInput = z.strictObject({ password: inputText().max(200) });
export type OwnPasswordInput = z.infer<typeof ownPasswordInput>;
