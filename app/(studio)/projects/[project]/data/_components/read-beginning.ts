const BEGINNING_BYTES = 64 * 1024;

/** The text that a file begins with, unpacked when it is gzip, UTF-16 by its byte order mark; '' where neither works. */
export async function readBeginning(file: Blob): Promise<string> {
  const packed = new Uint8Array(await file.slice(0, BEGINNING_BYTES).arrayBuffer());
  const bytes = packed[0] === 0x1f && packed[1] === 0x8b ? await gunzip(packed) : packed;
  const [first, second] = bytes;
  const isLittle = first === 0xff && second === 0xfe;
  const isBig = first === 0xfe && second === 0xff;
  const text = new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes);
  return text.includes('\0') ? '' : text;
}

/** What comes out until the packed bytes end, which is in the middle of the file. */
async function gunzip(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const pieces: BlobPart[] = [];
  let size = 0;
  try {
    while (size < BEGINNING_BYTES) {
      const { value, done } = await reader.read();
      if (done) break;
      pieces.push(new Uint8Array(value));
      size += value.length;
    }
    await reader.cancel();
  } catch {
    // cut off, as was to be expected
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
