import { shown } from './characters.ts';
import { invalidRequest } from './errors.ts';

/**
 * What is left of a name without case, spaces, hyphens and underscores. Names that are alike in it are the same to
 * people, and are never ignored for the difference: consents would be spent on other data than was meant.
 */
export const folded = (name: string): string => name.replace(/[\s_-]+/g, '').toLowerCase();

/** A key that is spelt otherwise than the known name it stands for. */
export interface Misspelling {
  readonly seen: string;
  readonly meant: string;
}

/**
 * Finds the keys of an object that are a known name but for case, spaces, hyphens and underscores: the first for each
 * name, since somebody may send any number of them.
 */
export function misspellingsOf(known: readonly string[]): (value: object) => Misspelling[] {
  const exact = new Set(known);
  const meantBy = new Map(known.toReversed().map((name) => [folded(name), name]));
  return (value) => {
    const found = new Map<string, Misspelling>();
    for (const seen of Object.keys(value)) {
      const meant = exact.has(seen) ? undefined : meantBy.get(folded(seen));
      if (meant !== undefined && !found.has(meant)) found.set(meant, { seen, meant });
    }
    return [...found.values()];
  };
}

/** `parent` is the path of the object that has the key. */
export const misspelt = ({ seen, meant }: Misspelling, parent = ''): string =>
  `${pathOf(parent, shown(seen))} is not a known name; spell it ${meant}`;

/**
 * Refuses an object that has one of the known names, spelt otherwise. Other keys are ignored.
 * @throws ServiceError `InvalidRequest`, naming the one that was meant
 */
export function refuseMisspelled(value: object, known: readonly string[]): void {
  const [first] = misspellingsOf(known)(value);
  if (first) throw invalidRequest(misspelt(first), { field: first.meant });
}

/** The path of a field below `parent`. */
export const pathOf = (parent: string, name: string): string => (parent === '' ? name : `${parent}.${name}`);

/**
 * Refuses an object with a key that isn't among `known`, at whatever depth: who misspells a filter would get
 * everything, and take it for a selection. For every path below `/bulk/`.
 * @param known paths, such as `filters.status`
 * @throws ServiceError `InvalidRequest`, naming the key and the nearest known one
 */
export function refuseUnknownKeys(value: object, known: readonly string[], parent = ''): void {
  for (const [key, below] of Object.entries(value)) {
    const path = pathOf(parent, key);
    if (!known.includes(path)) {
      const field = pathOf(parent, shown(key));
      const near = nearest(key, known);
      const hint = near === null ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      throw invalidRequest(`${field} is not known; ${hint}`, { field });
    }
    const isObject = typeof below === 'object' && below !== null && !Array.isArray(below);
    if (isObject && known.some((name) => name.startsWith(`${path}.`))) refuseUnknownKeys(below, known, path);
  }
}

/** The path whose last name is nearest to a key; null when more than a third of it would have to change. */
function nearest(key: string, known: readonly string[]): string | null {
  const given = folded(key);
  const [best] = known
    .map((path) => ({ path, edits: editsBetween(given, folded(path.slice(path.lastIndexOf('.') + 1))) }))
    .toSorted((a, b) => a.edits - b.edits);
  return best && best.edits * 3 <= given.length ? best.path : null;
}

/** Levenshtein's distance. A name of more than 50 characters is nowhere near any of ours. */
function editsBetween(a: string, b: string): number {
  if (a.length > 50) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, char] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((row[j] ?? 0) + Number(char !== other), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
