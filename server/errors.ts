/** The closed set of what a verb may throw. Mapped once to tRPC codes in trpc.ts; anything else is a bug and stays hidden. */
export const ERROR_CODES = [
  'unauthenticated',
  'forbidden',
  'not-found',
  'invalid',
  'conflict',
  'expired',
  'too-many-requests',
  'too-large',
  'unavailable',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Of what is unavailable, where nothing better is known. */
const RETRY_AFTER_SECONDS = 2;

export class DomainError extends Error {
  readonly code: ErrorCode;

  /** for `too-many-requests` and `unavailable`: when asking again makes sense */
  readonly retryAfterSeconds: number | null;

  /** `message` is shown to the person: say what was wrong, where, and what was expected. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, options);
    this.name = 'DomainError';
    this.code = code;
    this.retryAfterSeconds =
      options.retryAfterSeconds ?? (code === 'unavailable' ? RETRY_AFTER_SECONDS : null);
  }
}
