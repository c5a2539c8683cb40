import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits; the annotator's page keeps them, the database only their hash. */
export function newLeaseToken(): { token: string; hash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashLeaseToken(token) };
}

export function hashLeaseToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}
