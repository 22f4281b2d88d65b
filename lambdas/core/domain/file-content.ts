import type { GlobalConfig } from './batch.ts';

/** A row as a file gives it, not looked at yet. `place` names it for people: `Line 7` or `Record 7`. */
export interface FileRow {
  readonly place: string;
  /** The JSON form of the row; a text where the row cannot be read, saying why. */
  readonly value: unknown;
}

/** What a file holds: rows, and global defaults of its own where the format has a place for them. */
export interface FileContent {
  readonly rows: readonly FileRow[];
  /** How many rows the file has; more than `rows` where it has too many. */
  readonly total: number;
  readonly defaults: Partial<GlobalConfig>;
}
