/**
 * GPT-2's printable stand-ins for the 256 bytes: printable Latin-1 stays itself, the others move to U+0100 and up.
 * Source: openai/gpt-2 src/encoder.py, bytes_to_unicode.
 */
export const BYTE_ALPHABET: readonly string[] = makeByteAlphabet();

function makeByteAlphabet(): string[] {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : 256 + moved++);
  });
}
