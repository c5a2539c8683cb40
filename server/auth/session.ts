/** The only file that knows next-auth: its version, its options, how its session token is read. */
import { eq } from 'drizzle-orm';
import type { AuthOptions } from 'next-auth';
import { decode } from 'next-auth/jwt';
import { sessions, users } from '../../db/schema/users.ts';
import { isDemoFolder } from '../demo-folder.ts';
import { readEnv } from '../env.ts';
import { unavailable } from '../error-response.ts';
import { DomainError } from '../errors.ts';
import { takeToken } from '../limits/take-token.ts';
import { log } from '../log.ts';
import { beginSession, SESSION_DAYS } from '../sessions/begin.ts';
import { endSessions, isKnownAddress } from '../sessions/internal.ts';
import { whenUnlocked, writeWhenUnlocked } from '../storage/write-lock.ts';
import { takeDemoLink } from '../users/take-demo-link.ts';
import { appDatabase } from './app-database.ts';
import { checkCode } from './check-code.ts';
import { checkCredentials } from './check-credentials.ts';
import { clientAddress } from './client-address.ts';
import type { SessionClaim } from './find-actor.ts';
import { linkOidcAccount } from './link-oidc-account.ts';
import { createOidcTicket, readOidcTicket } from './oidc-ticket.ts';
import { sessionSecret } from './secret.ts';
import { createSignInLimits } from './sign-in-limits.ts';

export const SESSION_COOKIE = 'plumbline.session';

const limits = createSignInLimits();

/** The password was right and a code is asked for: the sign-in page knows these two messages. */
class CodeNeeded extends Error {}

let keptSecret: string | undefined;

function secret(): string {
  if (keptSecret === undefined) {
    const env = readEnv();
    appDatabase(); // makes the data folder
    keptSecret = sessionSecret(env.PLUMBLINE_DATA, env.NEXTAUTH_SECRET);
  }
  return keptSecret;
}

/** True when this installation also signs people in through an OpenID Connect provider; its label for the button. */
export function oidcProviderName(): string | null {
  const env = readEnv();
  return env.OIDC_ISSUER && env.OIDC_CLIENT_ID ? env.OIDC_NAME : null;
}

/**
 * next-auth's options for one request; `inviteToken` is the invitation that the person came with, if any, `headers` are the request's. `onRefused` is called
 * with why an attempt was not even looked at (limits, a full queue, the database): next-auth knows one status for all failures.
 */
export function authOptions({
  inviteToken = null,
  headers = new Headers(),
  onRefused = () => {},
}: {
  inviteToken?: string | null;
  headers?: Headers;
  onRefused?: (refusal: DomainError) => void;
} = {}): AuthOptions {
  const env = readEnv();
  const ctx = { db: appDatabase(), dataFolder: env.PLUMBLINE_DATA, now: Date.now };
  const address = clientAddress(headers, env);
  const isHttps = env.NEXTAUTH_URL.startsWith('https:');
  const providers: AuthOptions['providers'] = [
    {
      id: 'credentials',
      name: 'E-mail and password',
      type: 'credentials',
      credentials: { email: {}, password: {}, code: {} },
      async authorize(credentials) {
        const email = credentials?.email;
        const password = credentials?.password;
        const code = credentials?.code;
        if (typeof email !== 'string' || typeof password !== 'string') return null;
        // longer than any account allows: argon2 need not see it
        if (email.length > 254 || password.length > 200 || (code?.length ?? 0) > 40) return null;
        return inWords(onRefused, async () => {
          const outcome = await checkCredentials(ctx, { email, password, code, address }, limits);
          if (outcome === 'code-missing' || outcome === 'code-wrong') throw new CodeNeeded(outcome);
          return outcome === null ? null : { id: outcome.userId };
        });
      },
    },
  ];
  if (isDemoFolder(env.PLUMBLINE_DATA)) {
    providers.push({
      id: 'demo',
      name: 'A link of the demo',
      type: 'credentials',
      credentials: { token: {} },
      async authorize(credentials) {
        const token = credentials?.token;
        if (typeof token !== 'string' || token.length > 100) return null;
        return inWords(onRefused, async () => {
          takeToken({ actor: { type: 'anonymous' }, address }, 'guess', Date.now());
          const { userId } = await takeDemoLink({ ctx, input: { token, address } });
          return { id: userId };
        });
      },
    });
  }
  if (env.OIDC_ISSUER && env.OIDC_CLIENT_ID) {
    providers.push({
      id: 'oidc-code',
      name: 'The code after single sign-on',
      type: 'credentials',
      credentials: { ticket: {}, code: {} },
      async authorize(credentials) {
        const { ticket, code } = credentials ?? {};
        if (typeof ticket !== 'string' || typeof code !== 'string') return null;
        if (ticket.length > 200 || code.length > 40) return null;
        const userId = readOidcTicket(ctx, ticket);
        const person = userId && ctx.db.select().from(users).where(eq(users.id, userId)).get();
        if (!person || person.disabledAt !== null || person.totpSince === null) return null;
        return inWords(onRefused, async () => {
          const isKnown = isKnownAddress(ctx, person.id, address);
          const input = { person, code, first: 'oidc', address, isKnown };
          const outcome = await checkCode(ctx, input, limits);
          if (typeof outcome === 'string') throw new CodeNeeded(outcome);
          return { id: outcome.userId };
        });
      },
    });
    providers.push({
      id: 'oidc',
      name: env.OIDC_NAME,
      type: 'oauth',
      wellKnown: `${env.OIDC_ISSUER.replace(/\/$/, '')}/.well-known/openid-configuration`,
      clientId: env.OIDC_CLIENT_ID,
      clientSecret: env.OIDC_CLIENT_SECRET,
      authorization: { params: { scope: 'openid email profile' } },
      idToken: true,
      checks: ['pkce', 'state', 'nonce'],
      profile: (profile: { sub: string; email?: string; name?: string }) => ({
        id: profile.sub,
        email: profile.email,
        name: profile.name,
      }),
    });
  }
  return {
    providers,
    secret: secret(),
    session: { strategy: 'jwt', maxAge: SESSION_DAYS * 24 * 3600 },
    useSecureCookies: isHttps,
    cookies: {
      sessionToken: {
        name: SESSION_COOKIE,
        options: { httpOnly: true, sameSite: 'lax', path: '/', secure: isHttps },
      },
    },
    pages: { signIn: '/sign-in', error: '/sign-in' },
    logger: {
      error: (code, metadata) =>
        log().warn({ code, message: 'message' in metadata ? metadata.message : undefined }, 'next-auth'),
      warn: () => {},
      debug: () => {},
    },
    callbacks: {
      async signIn({ user, account, profile }) {
        if (account?.type !== 'oauth') return true;
        const { providerAccountId } = account;
        const providerAsksCode = env.OIDC_SECOND_FACTOR === 'provider';
        const input = { providerAccountId, profile: profile ?? {}, inviteToken, providerAsksCode };
        const found = await whenUnlocked(ctx.db, () => linkOidcAccount(ctx, input));
        if (found === null) return '/sign-in?error=NoAccount';
        if (found.needsCode) return `/sign-in/code?ticket=${createOidcTicket(ctx, found.userId)}`;
        user.id = found.userId;
        return true;
      },
      async jwt({ token, user }) {
        if (!user) return token;
        const input = { userId: user.id, address, userAgent: headers.get('user-agent') ?? '' };
        const { sessionId } = await whenUnlocked(ctx.db, () => beginSession({ ctx, input }));
        // nothing personal in the token: the pages ask the database
        return { sub: user.id, session: sessionId };
      },
    },
    events: {
      async signOut({ token }) {
        if (typeof token?.sub !== 'string' || typeof token.session !== 'string') return;
        const as = { ...ctx, actor: { type: 'user', userId: token.sub, isInstanceOwner: false } as const };
        const which = eq(sessions.id, token.session);
        const userId = token.sub;
        await writeWhenUnlocked(ctx.db, () => endSessions(as, { userId, reason: 'sign-out', which }));
      },
    },
  };
}

/** next-auth hands the message of an error to the sign-in page: what comes out of here is fit for it. */
async function inWords<Result>(
  onRefused: (refusal: DomainError) => void,
  attempt: () => Promise<Result>,
): Promise<Result> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof CodeNeeded) throw error;
    const refusal = error instanceof DomainError ? error : unavailable(error);
    if (refusal !== null) onRefused(refusal);
    if (refusal !== error) log().error({ err: error }, 'sign-in failed');
    throw new Error(refusal?.message ?? 'Something went wrong on the server; it has been logged.');
  }
}

/** What a session cookie says, or null when it is missing, forged or expired. */
export async function readSessionToken(cookie: string | undefined): Promise<SessionClaim | null> {
  if (!cookie) return null;
  try {
    const token = await decode({ token: cookie, secret: secret() });
    return token?.sub && typeof token.session === 'string'
      ? { userId: token.sub, sessionId: token.session }
      : null;
  } catch {
    // a forged or expired token is simply no session
    return null;
  }
}
