type Measured = { value: number; low: number; high: number };

/**
 * The interval of `one - other` from the interval of each, as if they were measured on different rows (MOVER: Newcombe 1998,
 * doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, method 10; Zou and Donner 2008). Where both saw the same rows it is on
 * the wide side: what they get right together cancels, and this does not know of it.
 */
export function differenceInterval(one: Measured, other: Measured): { low: number; high: number } {
  const difference = one.value - other.value;
  return {
    low: difference - Math.hypot(one.value - one.low, other.high - other.value),
    high: difference + Math.hypot(one.high - one.value, other.value - other.low),
  };
}
