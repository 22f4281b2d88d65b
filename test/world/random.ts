/** The one source of chance of a history. Everything that is drawn from it follows from the seed. */
export interface Random {
  /** From 0 up to, but not, 1. */
  next(): number;
  /** A whole number, both bounds included. */
  int(least: number, most: number): number;
  /** True in this share of cases; 0 or less draws nothing. */
  chance(share: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** One of the values by their weights. */
  weighted<T>(choices: readonly [readonly [number, T], ...(readonly [number, T])[]]): T;
  shuffled<T>(list: readonly T[]): T[];
}

/** Mixes a seed and a label into 32 bits (FNV-1a). */
function hashOf(seed: number, label: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const character of `${seed} ${label}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

/**
 * A generator for one purpose within a seed's history (sfc32, Chris Doty-Humphrey's PractRand), so that a draw more in one of them does not change all others.
 */
export function randomOf(seed: number, label: string): Random {
  let a = hashOf(seed, label);
  let b = seed | 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warming = 0; warming < 12; warming += 1) next();

  const int = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    int,
    chance: (share) => share > 0 && next() < share,
    pick: (from) => from[int(0, from.length - 1)] ?? from[0],
    weighted: (choices) => {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      const chosen = choices.find(([weight]) => {
        left -= weight;
        return left < 0;
      });
      return (chosen ?? choices[0])[1];
    },
    shuffled: (list) =>
      list
        .map((value) => ({ value, order: next() }))
        .toSorted((x, y) => x.order - y.order)
        .map(({ value }) => value),
  };
}
