import { Readable } from 'node:stream';
import { errorResponse } from '@/server/error-response.ts';
import { log } from '@/server/log.ts';

/** Answers a request beside tRPC: what people are to read of an error as `{ error: { message, code } }`; throws on what is a bug. */
export async function answer(run: () => Response | Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    const told = errorResponse(error);
    if (told === null) throw error;
    return told;
  }
}

/** As `answer`, for an upload: one that broke off is logged, and whoever sent it is told that nothing was kept. */
export async function answerUpload(run: () => Promise<object>): Promise<Response> {
  try {
    return Response.json(await run(), { status: 201 });
  } catch (error) {
    const told = errorResponse(error);
    if (told !== null) return told;
    log().error({ err: error }, 'an upload failed');
    const message = 'The upload broke off or could not be stored; nothing was kept. It has been logged.';
    return Response.json({ error: { message, code: null } }, { status: 500 });
  }
}

/** Text sent as a file, line by line as it is read. The name holds letters, digits and . _ - only. */
export function attachment(
  lines: Iterable<string>,
  file: { fileName: string; contentType: string },
): Response {
  return new Response(Readable.toWeb(Readable.from(lines)) as ReadableStream, {
    headers: {
      'content-type': `${file.contentType}; charset=utf-8`,
      'content-disposition': `attachment; filename="${file.fileName}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  });
}
