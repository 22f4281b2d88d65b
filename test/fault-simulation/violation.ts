/** A promise that was not kept, in words. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws Violation when the promise does not hold */
export function invariant(holds: boolean, broken: () => string): void {
  if (!holds) throw new Violation(broken());
}
