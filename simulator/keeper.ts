import type { z } from 'zod';
import type { Records, State } from '#local/state.ts';

/** A map that is kept, and the ids in it that have changed since it was last written. */
interface Kept {
  readonly write: (id: string) => void;
  readonly changed: Set<string>;
}

/** A value that is kept, and how to say that it has changed. */
export interface One<Value> {
  readonly value: Value;
  changed(): void;
}

/**
 * What a simulator knows, in maps that outlive it where it was given a state; without one, they are just maps. A change is written by
 * `save`, all at once: what a call did is kept before its answer goes out, or didn't happen.
 */
export class Keeper {
  readonly #state: State | undefined;
  readonly #kept = new Map<object, Kept>();

  constructor(state?: State) {
    this.#state = state;
  }

  /** The map of this kind, as it was last saved. */
  map<Schema extends z.ZodType>(kind: string, schema: Schema): Map<string, z.output<Schema>> {
    if (this.#state === undefined) return new Map();
    const records = this.#state.records(kind, schema);
    const map = records.all();
    this.#kept.set(map, { write: (id) => writeEntry(records, map, id), changed: new Set() });
    return map;
  }

  /** The only value of this kind, to be changed in place. */
  one<Schema extends z.ZodType>(kind: string, schema: Schema, first: z.output<Schema>): One<z.output<Schema>> {
    const map = this.map(kind, schema);
    const value = map.get('') ?? first;
    map.set('', value);
    return { value, changed: () => this.changed(map, '') };
  }

  /** Says that an entry was set, changed or removed. */
  changed(map: object, id: string): void {
    this.#kept.get(map)?.changed.add(id);
  }

  /** Removes every entry. */
  clear(map: Map<string, unknown>): void {
    for (const id of map.keys()) this.changed(map, id);
    map.clear();
  }

  save(): void {
    const all = [...this.#kept.values()].filter(({ changed }) => changed.size > 0);
    if (all.length === 0) return;
    this.#state?.transaction(() => {
      for (const { write, changed } of all) for (const id of changed) write(id);
    });
    for (const { changed } of all) changed.clear();
  }
}

function writeEntry<Value>(records: Records<Value>, map: ReadonlyMap<string, Value>, id: string): void {
  const value = map.get(id);
  if (value === undefined) records.remove(id);
  else records.put(id, value);
}
