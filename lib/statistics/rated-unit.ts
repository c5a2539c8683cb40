/** What several raters said of one thing, in numbers of one scale; who said which does not matter here. */
export type RatedUnit = {
  values: readonly number[];
  /** how often it counts: 1, or how often a bootstrap drew it */
  weight: number;
};

/** A figure, or why there is none. */
export type Defined = { value: number } | { undefined: string };
