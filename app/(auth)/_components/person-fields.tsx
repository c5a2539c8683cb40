import { Field } from '@/app/_ui/field.tsx';
import { Input } from '@/app/_ui/input.tsx';
import { NewPasswordField } from '@/app/_ui/new-password-field.tsx';

/** Name, e-mail address and a new password. */
export function PersonFields() {
  return (
    <>
      <Field label="Name">
        <Input name="name" autoComplete="name" required maxLength={100} />
      </Field>
      <Field label="E-mail" hint="You sign in with it. Nobody gets mail from Plumbline.">
        <Input name="email" type="email" autoComplete="username" required maxLength={254} />
      </Field>
      <NewPasswordField name="password" label="Password" />
    </>
  );
}

/** What PersonFields holds. */
export function readPerson(form: HTMLFormElement): { name: string; email: string; password: string } {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? '');
  return { name: text('name'), email: text('email'), password: text('password') };
}
