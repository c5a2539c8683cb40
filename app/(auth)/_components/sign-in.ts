import { signIn } from 'next-auth/react';

/** Signs in and sets the session cookie. Gives null, or what to tell the person. */
export async function signInWithPassword(email: string, password: string): Promise<string | null> {
  try {
    const result = await signIn('credentials', { email, password, redirect: false });
    if (result?.ok && !result.error) return null;
    if (!result?.error || result.error === 'CredentialsSignin') {
      return 'E-mail address and password do not match. (Passwords are case-sensitive.)';
    }
    return result.error;
  } catch {
    return 'The server did not answer. Check the connection and try again.';
  }
}

/** Leaves for the OpenID Connect provider and comes back to `next`. */
export function signInWithOidc(next: string): void {
  void signIn('oidc', { callbackUrl: next });
}
