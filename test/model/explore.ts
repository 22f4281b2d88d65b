import { createHash } from 'node:crypto';

/** Chooses what happens next: a number below `count`. `state` is all that the future depends on. */
export type Choose = (count: number, state: () => string) => number;

/** Thrown where a history reaches a state that was seen before: its futures are known. */
export class SeenBefore extends Error {}

export interface Exploration {
  readonly states: number;
  readonly histories: number;
}

/**
 * Plays a system in every way in which it can go. Each history is played from the beginning with given choices, then with
 * the first choice that is new; all others are played later. States that were seen are not gone on from, so that every
 * state is left by each of its choices once.
 * @param play one history; throws what is wrong with it
 * @throws Error with the choices of the first history that is wrong
 */
export async function explore(play: (choose: Choose) => Promise<void>, mostStates: number): Promise<Exploration> {
  const seen = new Set<string>();
  const left: (readonly number[])[] = [[]];
  let histories = 0;
  for (let given = left.pop(); given !== undefined; given = left.pop()) {
    const made: number[] = [];
    const known = given;
    const choose: Choose = (count, state) => {
      const again = known[made.length];
      if (again !== undefined) {
        made.push(again);
        return again;
      }
      // Some 28 bytes a state: there may be millions.
      const here = createHash('sha1').update(state()).digest('base64');
      if (seen.has(here)) throw new SeenBefore();
      seen.add(here);
      for (let other = count - 1; other > 0; other -= 1) left.push([...made, other]);
      made.push(0);
      return 0;
    };
    histories += 1;
    try {
      await play(choose);
    } catch (error) {
      if (error instanceof SeenBefore) continue;
      throw new Error(`broken by the choices [${made.join()}]`, { cause: error });
    }
    if (seen.size > mostStates) throw new Error(`more than ${mostStates} states`);
  }
  return { states: seen.size, histories };
}
