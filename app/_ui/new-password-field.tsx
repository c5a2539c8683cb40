import { Field } from './field.tsx';
import { Input } from './input.tsx';

/** A password that is being chosen, with the bounds that the server holds it to. */
export function NewPasswordField({ name, label }: { name: string; label: string }) {
  return (
    <Field label={label} hint="At least 12 characters: a few words are easy to remember.">
      <Input
        name={name}
        type="password"
        autoComplete="new-password"
        required
        minLength={12}
        maxLength={200}
      />
    </Field>
  );
}
