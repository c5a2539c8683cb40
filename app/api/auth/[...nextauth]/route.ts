import { type NextRequest, NextResponse } from 'next/server';
import NextAuth from 'next-auth';
import { authOptions } from '@/server/auth/session.ts';
import { RETRY_AFTER_SECONDS } from '@/server/error-response.ts';

type Params = { params: Promise<{ nextauth: string[] }> };

/** next-auth's own endpoints. The invitation cookie lets an invited person come in through the single sign-on. */
async function handle(request: NextRequest, params: Params): Promise<Response> {
  if (Number(request.headers.get('content-length') ?? 0) > 20_000) {
    return NextResponse.json(
      { error: 'The request is larger than the limit of 20000 bytes.' },
      { status: 413 },
    );
  }
  const inviteToken = request.cookies.get('plumbline.invite')?.value ?? null;
  let isUnavailable = false;
  const options = authOptions({
    inviteToken,
    onUnavailable: () => {
      isUnavailable = true;
    },
  });
  const answer: Response = await NextAuth(request, params, options);
  if (!isUnavailable) return answer;
  const headers = new Headers(answer.headers);
  headers.set('retry-after', RETRY_AFTER_SECONDS);
  return new Response(answer.body, { status: 503, headers });
}

export { handle as GET, handle as POST };
