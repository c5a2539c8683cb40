import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

const PIECE_BYTES = 2 ** 20;

/**
 * sha256 (hex) and length of a file, read in pieces of a megabyte. `onPiece` is given each before the next is read, so that what is
 * copied is what is hashed. Throws what the file system does.
 */
export async function hashFile(
  file: string,
  onPiece?: (piece: Buffer) => Promise<void>,
): Promise<{ sha256: string; bytes: number }> {
  return hashPieces(createReadStream(file, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>, onPiece);
}

/** The same of a stream's pieces, of whatever size they come. */
export async function hashPieces(
  pieces: AsyncIterable<Buffer>,
  onPiece?: (piece: Buffer) => Promise<void>,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of pieces) {
    hash.update(piece);
    bytes += piece.length;
    await onPiece?.(piece);
  }
  return { sha256: hash.digest('hex'), bytes };
}
