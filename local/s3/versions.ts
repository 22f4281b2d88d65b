import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { Stores } from '../fauxqs.ts';
import type { State } from '../state.ts';

type StoredObject = ReturnType<Stores['s3Store']['getObject']>;

/** An object as fauxqs describes it, without its body. */
export type DescribedObject = Omit<StoredObject, 'body'>;

const text = z.string();

const versionSchema = z.object({
  bucket: text,
  key: text,
  versionId: text,
  /** Grows with each version, of whatever object. */
  sequence: z.number(),
  latest: z.number().transform(Boolean),
  /** Epoch milliseconds. */
  modified: z.number(),
  /** A delete marker has none. */
  object: text.transform((json) => described(JSON.parse(json))).nullable(),
});

/** JSON has no dates. */
const described = (object: DescribedObject): DescribedObject => ({
  ...object,
  lastModified: new Date(object.lastModified),
});

/** One version of an object, or a delete marker. In a bucket without versions its id is `null`, as AWS writes it. */
export type ObjectVersion = z.output<typeof versionSchema>;

const TABLES = `
  CREATE TABLE IF NOT EXISTS versions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    versionId TEXT NOT NULL,
    latest INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    object TEXT,
    body BLOB,
    UNIQUE (bucket, key, versionId)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ofKey ON versions (bucket, key, sequence);
  CREATE INDEX IF NOT EXISTS latest ON versions (bucket, key) WHERE latest = 1;`;

const SELECT = 'SELECT bucket, key, versionId, sequence, latest, modified, object FROM versions WHERE bucket = ?';

/** AWS's ids, too, are opaque and fit into a URL. */
export const newVersionId = (versioning: 'Enabled' | 'Suspended' | 'off'): string =>
  versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null';

/** The versions that the buckets hold. Its methods are synchronous, so nothing comes between two calls. */
export class Versions {
  readonly #database: DatabaseSync;

  constructor({ database }: State) {
    this.#database = database;
    database.exec(TABLES);
  }

  /** The version of this id, or else the latest one, which may be a delete marker. */
  find(bucket: string, key: string, versionId?: string): ObjectVersion | undefined {
    const row =
      versionId === undefined
        ? this.#database.prepare(`${SELECT} AND key = ? AND latest = 1`).get(bucket, key)
        : this.#database.prepare(`${SELECT} AND key = ? AND versionId = ?`).get(bucket, key, versionId);
    return row === undefined ? undefined : versionSchema.parse(row);
  }

  body({ sequence }: ObjectVersion): Buffer {
    const row = this.#database.prepare('SELECT body FROM versions WHERE sequence = ?').get(sequence);
    return Buffer.from(z.object({ body: z.instanceof(Uint8Array) }).parse(row).body);
  }

  /** Adds the latest version of an object, or a delete marker, in the place of one with the same id. */
  add(
    bucket: string,
    key: string,
    versionId: string,
    object: DescribedObject | null,
    body: Buffer | null,
  ): ObjectVersion {
    const modified = object?.lastModified.getTime() ?? Date.now();
    this.#database
      .prepare('UPDATE versions SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1')
      .run(bucket, key);
    this.#database
      .prepare('DELETE FROM versions WHERE bucket = ? AND key = ? AND versionId = ?')
      .run(bucket, key, versionId);
    const { lastInsertRowid } = this.#database
      .prepare(
        'INSERT INTO versions (bucket, key, versionId, latest, modified, object, body) VALUES (?, ?, ?, 1, ?, ?, ?)',
      )
      .run(bucket, key, versionId, modified, object && JSON.stringify(object), body);
    return { bucket, key, versionId, sequence: Number(lastInsertRowid), latest: true, modified, object };
  }

  /** Changes what is kept beside an object's bytes. */
  describe({ sequence }: ObjectVersion, object: DescribedObject): void {
    this.#database.prepare('UPDATE versions SET object = ? WHERE sequence = ?').run(JSON.stringify(object), sequence);
  }

  /** Removes a version for good. The one before it is the latest then. */
  remove(bucket: string, key: string, versionId: string): void {
    this.#database
      .prepare('DELETE FROM versions WHERE bucket = ? AND key = ? AND versionId = ?')
      .run(bucket, key, versionId);
    this.#database
      .prepare(
        'UPDATE versions SET latest = 1 WHERE sequence = (SELECT max(sequence) FROM versions WHERE bucket = ? AND key = ?)',
      )
      .run(bucket, key);
  }

  /** The objects of a bucket that are not deleted, by key (in the order of its UTF-8), from the one after `after` on. */
  objects(bucket: string, prefix: string, after: string): Generator<ObjectVersion> {
    const sql = `${SELECT} AND key >= ? AND key > ? AND latest = 1 AND object IS NOT NULL ORDER BY key`;
    return withPrefix(this.#database.prepare(sql).iterate(bucket, prefix, after), prefix);
  }

  /** All versions and delete markers, by key and from the newest to the oldest, from those after `after` on. */
  versions(bucket: string, prefix: string, after: { key: string; sequence: number }): Generator<ObjectVersion> {
    const sql = `${SELECT} AND key >= ? AND (key > ? OR (key = ? AND sequence < ?)) ORDER BY key, sequence DESC`;
    return withPrefix(
      this.#database.prepare(sql).iterate(bucket, prefix, after.key, after.key, after.sequence),
      prefix,
    );
  }
}

function* withPrefix(rows: Iterable<unknown>, prefix: string): Generator<ObjectVersion> {
  for (const row of rows) {
    const version = versionSchema.parse(row);
    if (!version.key.startsWith(prefix)) return;
    yield version;
  }
}
