import { type NextRequest, NextResponse } from 'next/server';
import { isAllowedHost, refusedHostText } from '@/lib/allowed-host.ts';
import { contentSecurityPolicy } from '@/lib/content-security-policy.ts';
import { readEnv } from '@/server/env.ts';

/** Nothing here looks, listens, pays or asks where somebody is. */
const PERMISSIONS_POLICY = [
  'camera',
  'microphone',
  'geolocation',
  'payment',
  'usb',
  'serial',
  'bluetooth',
  'midi',
  'display-capture',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

/** Every page gets a Content-Security-Policy with a nonce of its own; Next puts the nonce on the scripts it writes. */
export function proxy(request: NextRequest): NextResponse {
  const host = request.headers.get('host');
  // a load balancer asks for health, and Prometheus for its figures, under the address of the machine
  if (!['/api/health', '/api/metrics'].includes(request.nextUrl.pathname) && !isOurs(host))
    return new NextResponse(refusedHostText(host), { status: 421 });
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  const policy = contentSecurityPolicy(nonce, { isDevelopment: process.env.NODE_ENV === 'development' });
  const headers = new Headers(request.headers);
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);
  headers.set('x-plumbline-path', request.nextUrl.pathname + request.nextUrl.search);
  const requestId = requestIdOf(request);
  headers.set('x-request-id', requestId);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  response.headers.set('x-content-type-options', 'nosniff');
  response.headers.set('referrer-policy', 'same-origin');
  response.headers.set('x-frame-options', 'DENY');
  response.headers.set('permissions-policy', PERMISSIONS_POLICY);
  response.headers.set('cross-origin-opener-policy', 'same-origin');
  response.headers.set('x-request-id', requestId);
  if (request.nextUrl.protocol === 'https:' || request.headers.get('x-forwarded-proto') === 'https') {
    response.headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains');
  }
  return response;
}

function isOurs(host: string | null): boolean {
  const { NEXTAUTH_URL, PLUMBLINE_HOSTS } = readEnv();
  return isAllowedHost(host, { address: NEXTAUTH_URL, more: PLUMBLINE_HOSTS });
}

/** The id by which a proxy in front names the request, else one of our own: log lines and answers carry it. */
function requestIdOf(request: NextRequest): string {
  const given = request.headers.get('x-request-id') ?? '';
  return /^[\w-]{8,64}$/.test(given) ? given : crypto.randomUUID();
}

// not for uploads: Next keeps a copy of every body that passes here, and cuts it at 10 MB
export const config = {
  matcher: ['/((?!_next/static|_next/image|favicon.ico|icon.svg|api/imports|api/models).*)'],
};
