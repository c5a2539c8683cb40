import { answerNextAuth } from '@/server/auth/answer-next-auth.ts';
import { parseCookie } from '@/server/auth/parse-cookie.ts';
import { authOptions } from '@/server/auth/session.ts';
import { readEnv } from '@/server/env.ts';
import { errorResponse, RETRY_AFTER_SECONDS } from '@/server/error-response.ts';

/** next-auth's own endpoints. The invitation cookie lets an invited person come in through the single sign-on. */
async function handle(
  request: Request,
  { params }: { params: Promise<{ nextauth: string[] }> },
): Promise<Response> {
  const inviteToken = parseCookie(request.headers.get('cookie') ?? '', 'plumbline.invite') ?? null;
  let isUnavailable = false;
  const options = authOptions({
    inviteToken,
    onUnavailable: () => {
      isUnavailable = true;
    },
  });
  try {
    const origin = new URL(readEnv().NEXTAUTH_URL).origin;
    const answer = await answerNextAuth(request, { path: (await params).nextauth, origin, options });
    if (!isUnavailable) return answer;
    const headers = new Headers(answer.headers);
    headers.set('retry-after', RETRY_AFTER_SECONDS);
    return new Response(answer.body, { status: 503, headers });
  } catch (error) {
    const answer = errorResponse(error);
    if (answer === null) throw error;
    return answer;
  }
}

export { handle as GET, handle as POST };
