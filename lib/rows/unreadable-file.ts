/** A file that as a whole cannot be read for rows: what was found, and what was expected. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}
