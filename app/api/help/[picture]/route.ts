import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { answer } from '@/app/api/answer.ts';
import { HELP_PICTURE } from '@/lib/help-pages.ts';
import { countByAddress } from '@/server/auth/create-route-context.ts';
import { DomainError } from '@/server/errors.ts';

/** GET: a picture of the guides, for everybody, as the guides are. */
export function GET(request: Request, { params }: { params: Promise<{ picture: string }> }) {
  return answer(async () => {
    countByAddress(request.headers, 'read');
    const { picture } = await params;
    const unknown = new DomainError('not-found', 'There is no such picture.');
    if (!HELP_PICTURE.test(picture)) throw unknown;
    const file = path.join(/* turbopackIgnore: true */ process.cwd(), 'docs/guide/pictures', picture);
    const bytes = await readFile(file).catch(() => {
      throw unknown;
    });
    return new Response(bytes, {
      headers: {
        'content-type': 'image/webp',
        'cache-control': 'public, max-age=3600',
        'x-content-type-options': 'nosniff',
      },
    });
  });
}
