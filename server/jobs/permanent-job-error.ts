/** An error that will come back on every attempt: the job fails at once. */
export class PermanentJobError extends Error {
  override readonly name = 'PermanentJobError';
}
