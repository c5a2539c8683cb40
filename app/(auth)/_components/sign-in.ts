import { signIn } from 'next-auth/react';

/** What came of signing in: done, a code of the second factor is asked for, or what to tell the person. */
export type SignInResult =
  | { state: 'done' }
  | { state: 'code'; problem?: string }
  | { state: 'failed'; problem: string };

/** Signs in and sets the session cookie. */
export function signInWithPassword(email: string, password: string, code = ''): Promise<SignInResult> {
  const mismatch = 'E-mail address and password do not match. (Passwords are case-sensitive.)';
  return attempt('credentials', { email, password, code }, mismatch);
}

/** Ends a single sign-on that asked for a code. */
export function signInWithTicket(ticket: string, code: string): Promise<SignInResult> {
  return attempt('oidc-code', { ticket, code }, 'This took longer than five minutes. Please sign in again.');
}

async function attempt(
  provider: string,
  fields: Record<string, string>,
  mismatch: string,
): Promise<SignInResult> {
  try {
    const result = await signIn(provider, { ...fields, redirect: false });
    if (result?.ok && !result.error) return { state: 'done' };
    if (result?.error === 'code-missing') return { state: 'code' };
    if (result?.error === 'code-wrong') {
      return { state: 'code', problem: 'This code is not right, or was used before. Wait for the next one.' };
    }
    if (!result?.error || result.error === 'CredentialsSignin') {
      return { state: 'failed', problem: mismatch };
    }
    return { state: 'failed', problem: result.error };
  } catch {
    return { state: 'failed', problem: 'The server did not answer. Check the connection and try again.' };
  }
}

/** Leaves for the OpenID Connect provider and comes back to `next`. */
export function signInWithOidc(next: string): void {
  void signIn('oidc', { callbackUrl: next });
}

/** Uses a link of the demo up. Null when that signed somebody in, else what to tell them. */
export async function signInWithDemoLink(token: string): Promise<string | null> {
  try {
    const result = await signIn('demo', { token, redirect: false });
    if (result?.ok && !result.error) return null;
    return result?.error && result.error !== 'CredentialsSignin'
      ? result.error
      : 'This link is not one of the demo’s.';
  } catch {
    return 'The server did not answer. Check that the demo still runs, and open the link again.';
  }
}
