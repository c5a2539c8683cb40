import { answerNextAuth } from '@/server/auth/answer-next-auth.ts';
import { parseCookie } from '@/server/auth/parse-cookie.ts';
import { authOptions } from '@/server/auth/session.ts';
import { readEnv } from '@/server/env.ts';
import { DomainError } from '@/server/errors.ts';
import { httpStatus } from '@/server/trpc.ts';

/** next-auth's own endpoints. The invitation cookie lets an invited person come in through the single sign-on. */
async function handle(
  request: Request,
  { params }: { params: Promise<{ nextauth: string[] }> },
): Promise<Response> {
  const inviteToken = parseCookie(request.headers.get('cookie') ?? '', 'plumbline.invite') ?? null;
  try {
    return await answerNextAuth(request, {
      path: (await params).nextauth,
      origin: new URL(readEnv().NEXTAUTH_URL).origin,
      options: authOptions({ inviteToken }),
    });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return Response.json(
      { error: { message: error.message, code: error.code } },
      { status: httpStatus(error) },
    );
  }
}

export { handle as GET, handle as POST };
