/**
 * Seeded random numbers in named streams: data order, sampling and initialisation each draw from their own stream, so
 * that a change in one leaves the others as they were. The whole state is four integers and goes into a checkpoint.
 *
 * Generator: xoshiro128** 1.1 (D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 2021;
 * public-domain C at prng.di.unimi.it/xoshiro128starstar.c). A stream starts at the first 128 bits of
 * SHA-256("<seed>/<stream>"), which makes streams of neighbouring seeds unrelated.
 */
import { createHash } from 'node:crypto';

/** The four 32-bit words of a stream; plain JSON. */
export type RngState = readonly [number, number, number, number];

export type Rng = {
  /** next 32 random bits as an unsigned integer */
  uint32(): number;
  /** uniform in [0, 1) with 53 random bits */
  uniform(): number;
  /** uniform integer in [0, bound), without modulo bias; bound in 1..2^32 */
  integer(bound: number): number;
  /** standard normal (Box-Muller, one of the pair, so that no spare value belongs to the state) */
  normal(): number;
  /** a shuffled copy (Fisher-Yates) */
  shuffle<T>(items: readonly T[]): T[];
  /** a child stream; costs exactly four draws of this one, however much the child is used */
  fork(): Rng;
  state(): RngState;
  restore(state: RngState): void;
};

/** A stream of random numbers that depends on `seed` and `stream` alone. */
export function createRng(seed: number, stream: string): Rng {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`rng: seed ${seed} is not a whole number >= 0`);
  const digest = createHash('sha256').update(`${seed}/${stream}`).digest();
  return rngFromState([
    digest.readUInt32LE(0),
    digest.readUInt32LE(4),
    digest.readUInt32LE(8),
    digest.readUInt32LE(12),
  ]);
}

/** A stream that goes on where `state` was taken. */
export function rngFromState(state: RngState): Rng {
  let [s0, s1, s2, s3] = checkedState(state);

  const uint32 = (): number => {
    const scrambled = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotateLeft(s3, 11);
    return scrambled;
  };

  const uniform = (): number => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53;

  const integer = (bound: number): number => {
    if (!Number.isSafeInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new Error(`rng: bound ${bound} is not a whole number in 1..2^32`);
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let draw = uint32();
    while (draw >= limit) draw = uint32();
    return draw % bound;
  };

  return {
    uint32,
    uniform,
    integer,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    shuffle<T>(items: readonly T[]): T[] {
      const shuffled = [...items];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
      }
      return shuffled;
    },
    fork: () => {
      const words: [number, number, number, number] = [uint32(), uint32(), uint32(), uint32()];
      if (words.every((word) => word === 0)) words[0] = 1;
      return rngFromState(words);
    },
    state: () => [s0 >>> 0, s1 >>> 0, s2 >>> 0, s3 >>> 0],
    restore(saved) {
      [s0, s1, s2, s3] = checkedState(saved);
    },
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function checkedState(state: RngState): [number, number, number, number] {
  const valid =
    Array.isArray(state) &&
    state.length === 4 &&
    state.every((w) => Number.isInteger(w) && w >= 0 && w < 2 ** 32);
  if (!valid || state.every((word) => word === 0)) {
    throw new Error(
      `rng: state ${JSON.stringify(state)} is not four unsigned 32-bit integers with one above 0`,
    );
  }
  return [...state] as [number, number, number, number];
}
