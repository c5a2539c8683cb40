import { Field } from '@/app/_ui/field.tsx';
import { Input } from '@/app/_ui/input.tsx';

/** The second factor, asked for after the password or a single sign-on. */
export function CodeField() {
  return (
    <Field label="Code" hint="The six digits that your app shows, or one of your recovery codes.">
      <Input name="code" autoComplete="one-time-code" required maxLength={40} autoFocus />
    </Field>
  );
}
