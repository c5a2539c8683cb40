import { describe, expect, it } from 'vitest';
import { newId } from '../../lib/new-id.ts';
import type { Actor } from '../context.ts';
import { RATE_CLASSES, type RateClass } from './rate-classes.ts';
import { takeToken } from './take-token.ts';

const person = (): Actor => ({ type: 'user', userId: newId('usr'), isInstanceOwner: false });
const HOUR = 3_600_000;

describe.each(Object.keys(RATE_CLASSES) as RateClass[])('rate class %s', (rateClass) => {
  const { burst, perHour } = RATE_CLASSES[rateClass];

  it('gives so many at once, then so many an hour, and says when to come back', () => {
    const actor = person();
    for (let i = 0; i < burst; i++) takeToken({ actor }, rateClass, 0);
    const seconds = Math.ceil(3600 / perHour);
    expect(() => takeToken({ actor }, rateClass, 0)).toThrow(
      expect.objectContaining({ code: 'too-many-requests', retryAfterSeconds: seconds }),
    );
    takeToken({ actor }, rateClass, seconds * 1000);
    // somebody else has a bucket of their own
    takeToken({ actor: person() }, rateClass, 0);
    for (let i = 0; i < Math.min(burst, perHour); i++) takeToken({ actor }, rateClass, 2 * HOUR);
  });
});

it('counts people who are not signed in by address, and jobs not at all', () => {
  const actor = { type: 'anonymous' } as const;
  const { burst } = RATE_CLASSES.guess;
  const address = newId('adr');
  for (let i = 0; i < burst; i++) takeToken({ actor, address }, 'guess', 0);
  expect(() => takeToken({ actor, address }, 'guess', 0)).toThrow(/Too many requests/);
  takeToken({ actor, address: newId('adr') }, 'guess', 0);
  for (let i = 0; i < 2 * burst; i++) takeToken({ actor: { type: 'system' } }, 'guess', 0);
});

it('is never met by an annotator at twenty answers a second for an hour', () => {
  const actor = person();
  const callsEach = 4;
  for (let ms = 0; ms < HOUR; ms += 50) {
    for (let i = 0; i < callsEach; i++) takeToken({ actor }, 'label', ms + (i * 50) / callsEach);
  }
});
