import { FormError } from '../_ui/field.tsx';
import { errorText } from './error-text.ts';

/** What went wrong with a call, in words; nothing while nothing did. */
export function CallError({ error }: { error: { message: string } | null | undefined }) {
  return <FormError>{error ? errorText(error) : null}</FormError>;
}
