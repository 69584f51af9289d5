/** A source of chance that is an argument: the same seed gives the same numbers. */
export interface Random {
  /** A fraction in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** True with a probability of numerator out of denominator. */
  chance(numerator: number, denominator: number): boolean;
}

/** A small, fast generator (splitmix32) that is good enough for simulations and jitter, and for no secret. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const nextWord = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
  const next = (): number => nextWord() / 0x1_0000_0000;
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    chance: (numerator, denominator) => next() * denominator < numerator,
  };
}
