/** Bets on both sides of one half; each is a fraction of what is held. */
const BETS = [
  -0.9, -0.8, -0.7, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
];

/** 1 / 0.05: whatever the number of looks, it is passed with a chance of at most 5 % where nothing is better (Ville 1939). */
export const DECIDED_AT = 20;

export type WinRateProcess = {
  /** @param outcome 1 won, 0 lost, 0.5 a tie */
  add(outcome: number): void;
  /** evidence against a win rate of one half; mean of what the bets have grown to */
  evidence(): number;
  /** mean outcome so far; NaN of none */
  winRate(): number;
  count(): number;
};

/**
 * Sequential test of a win rate against one half that may be looked at after every answer: E_t = mean over bets of the product of
 * 1 + 2 bet (y - 1/2), a nonnegative martingale where the rate is one half (Waudby-Smith and Ramdas, "Estimating means of bounded random variables
 * by betting", JRSS B 2023, hedged over fixed bets). Decided where E_t >= 20, for whoever is ahead.
 */
export function startWinRateProcess(): WinRateProcess {
  // in logarithms: 1,500 wins in a row are 1.9^1500
  const logs = new Float64Array(BETS.length);
  let [sum, count] = [0, 0];
  return {
    add(outcome) {
      if (!(outcome >= 0 && outcome <= 1)) throw new Error(`win rate: ${outcome} is not between 0 and 1`);
      for (const [i, bet] of BETS.entries()) {
        logs[i] = (logs[i] as number) + Math.log1p(2 * bet * (outcome - 0.5));
      }
      sum += outcome;
      count += 1;
    },
    evidence: () => logs.reduce((total, log) => total + Math.exp(log), 0) / BETS.length,
    winRate: () => sum / count,
    count: () => count,
  };
}
