import { answerNextAuth } from '@/server/auth/answer-next-auth.ts';
import { countByAddress } from '@/server/auth/create-route-context.ts';
import { parseCookie } from '@/server/auth/parse-cookie.ts';
import { authOptions } from '@/server/auth/session.ts';
import { readEnv } from '@/server/env.ts';
import { errorResponse, retryAfter } from '@/server/error-response.ts';
import type { DomainError } from '@/server/errors.ts';
import { httpStatus } from '@/server/trpc.ts';

/** next-auth's own endpoints. The invitation cookie lets an invited person come in through the single sign-on. */
async function handle(
  request: Request,
  { params }: { params: Promise<{ nextauth: string[] }> },
): Promise<Response> {
  const inviteToken = parseCookie(request.headers.get('cookie') ?? '', 'plumbline.invite') ?? null;
  let refusal: DomainError | undefined;
  const options = authOptions({
    inviteToken,
    headers: request.headers,
    onRefused: (error) => {
      refusal = error;
    },
  });
  try {
    countByAddress(request.headers, 'read');
    const origin = new URL(readEnv().NEXTAUTH_URL).origin;
    const answer = await answerNextAuth(request, { path: (await params).nextauth, origin, options });
    if (refusal === undefined) return answer;
    const headers = new Headers(answer.headers);
    for (const [name, value] of Object.entries(retryAfter(refusal))) headers.set(name, value);
    return new Response(answer.body, { status: httpStatus(refusal), headers });
  } catch (error) {
    const answer = errorResponse(error);
    if (answer === null) throw error;
    return answer;
  }
}

export { handle as GET, handle as POST };
