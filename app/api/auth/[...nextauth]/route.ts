import { type NextRequest, NextResponse } from 'next/server';
import NextAuth from 'next-auth';
import { authOptions } from '@/server/auth/session.ts';

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
  return NextAuth(request, params, authOptions({ inviteToken }));
}

export { handle as GET, handle as POST };
