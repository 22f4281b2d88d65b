import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const rowSchema = z.object({ id: z.string(), json: z.string().transform((text): unknown => JSON.parse(text)) });

/** Values of one kind by id, as JSON. */
export interface Records<Value> {
  all(): Map<string, Value>;
  put(id: string, value: Value): void;
  remove(id: string): void;
}

/**
 * What the local cloud itself keeps, in one SQLite database: in a folder, or in memory without one. Whatever was written survives the end of
 * the process, however it ends; it may not survive that of the machine, like the rest of the local cloud.
 *
 * The database is locked for as long as it is open, by a lock of the operating system that SQLite takes on every platform and that ends with
 * the process. So a state directory belongs to one local cloud at a time.
 */
export class State {
  readonly database: DatabaseSync;

  /** Throws when another process uses the same database. */
  constructor(folder?: string, name = 'state') {
    const path = folder === undefined ? ':memory:' : join(folder, `${name}.sqlite`);
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true });
      // Nobody else may read it, since secrets are in it. SQLite gives the files beside it the same mode.
      closeSync(openSync(path, 'a', 0o600));
    }
    this.database = new DatabaseSync(path);
    try {
      this.database.exec(`
        PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, json TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT;`);
      // Takes the lock also where the table existed.
      this.transaction(() => undefined);
    } catch (error) {
      this.database.close();
      if (!(error instanceof Error && error.message.includes('locked'))) throw error;
      const remedy = 'Stop what runs on it, or set STATE_DIR to another folder.';
      throw new Error(`${path} is in use: something else runs on this state directory. ${remedy}`, { cause: error });
    }
  }

  /** Makes the changes all or not at all. */
  transaction<Result>(change: () => Result): Result {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = change();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  records<Schema extends z.ZodType>(kind: string, schema: Schema): Records<z.output<Schema>> {
    const put = this.database.prepare('INSERT OR REPLACE INTO records VALUES (?, ?, ?)');
    const remove = this.database.prepare('DELETE FROM records WHERE kind = ? AND id = ?');
    return {
      all: () => {
        const rows = z.array(rowSchema).parse(this.database.prepare('SELECT * FROM records WHERE kind = ?').all(kind));
        return new Map(rows.map(({ id, json }) => [id, schema.parse(json)]));
      },
      put: (id, value) => void put.run(kind, id, JSON.stringify(value)),
      remove: (id) => void remove.run(kind, id),
    };
  }

  close(): void {
    this.database.close();
  }
}
