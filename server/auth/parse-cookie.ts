/** The value of one cookie in a Cookie header, undefined where it is missing or not percent-encoded text. */
export function parseCookie(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at <= 0 || part.slice(0, at).trim() !== name) continue;
    try {
      return decodeURIComponent(part.slice(at + 1).trim());
    } catch {
      // whatever it is, it is none of ours: a browser with a broken cookie must still see the pages
    }
  }
  return undefined;
}
