/** What can be wrong with the disk or the database file, apart from what somebody asked for. */
export type StorageProblem = { kind: StorageProblemKind; message: string };
type StorageProblemKind = keyof typeof WORDS;

/** What a person reads; each says what was wrong, that nothing was half done, and what helps. */
const WORDS = {
  locked:
    'The database is being written by another process and stayed locked. Nothing was recorded; try again in a moment.',
  full: 'The disk of the server is full. Nothing was recorded; once there is room, try again.',
  'read-only':
    'The data folder of the server cannot be written: it is read-only for the program. Nothing was recorded.',
  damaged:
    'The database file is damaged. Nothing was recorded; npm run verify says what is wrong, npm run restore puts a backup in its place.',
  unreachable:
    'The database file cannot be read or written: the disk reports an error. Nothing was recorded.',
} as const;

/** Codes of SQLite (its primary ones: an extended one begins with one of them) and of the system. */
const KINDS: Record<string, StorageProblemKind> = {
  SQLITE_BUSY: 'locked',
  SQLITE_LOCKED: 'locked',
  SQLITE_PROTOCOL: 'locked',
  SQLITE_FULL: 'full',
  ENOSPC: 'full',
  EDQUOT: 'full',
  SQLITE_READONLY: 'read-only',
  EROFS: 'read-only',
  SQLITE_CORRUPT: 'damaged',
  SQLITE_NOTADB: 'damaged',
  SQLITE_IOERR: 'unreachable',
  SQLITE_CANTOPEN: 'unreachable',
  EIO: 'unreachable',
};

/** What an error, or one of its causes, says of the disk or the database; null when it is about something else. */
export function storageProblem(error: unknown): StorageProblem | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    const kind = KINDS[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code];
    if (kind !== undefined) return { kind, message: WORDS[kind] };
  }
  return null;
}
