/** Test only: reproducible numbers for very many cheap cases (a linear congruential generator; nothing secret). */

/** Each call gives an integer from 0 to `below` - 1. */
export function randomNumbers(seed: number): (below: number) => number {
  let word = seed >>> 0;
  return (below) => {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((word / 0x1_0000_0000) * below);
  };
}
