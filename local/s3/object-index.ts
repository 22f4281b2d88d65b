import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const versionSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  /** Grows with each version, of whatever object. */
  sequence: z.number(),
  latest: z.number().transform(Boolean),
  /** The id of its bytes; a delete marker has none. */
  body: z.string().nullable(),
  size: z.number(),
  etag: z.string(),
  /** Epoch milliseconds. */
  modified: z.number(),
  /** What is answered with the object: `content-type`, `x-amz-meta-…`, its checksum. */
  headers: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.record(z.string(), z.string())),
});

/** One version of an object, or a delete marker. In a bucket without versions its id is `null`, which AWS writes like that. */
export type ObjectVersion = z.output<typeof versionSchema>;

export type NewVersion = Omit<ObjectVersion, 'sequence' | 'latest'>;

/** Which versions the buckets hold. Its methods are synchronous, so none comes between two calls. */
export class ObjectIndex {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The version of this id, or else the latest one, which may be a delete marker. */
  find(bucket: string, key: string, versionId?: string): ObjectVersion | undefined {
    const row =
      versionId === undefined
        ? this.#prepare('SELECT * FROM versions WHERE bucket = ? AND key = ? AND latest = 1').get(bucket, key)
        : this.#prepare('SELECT * FROM versions WHERE bucket = ? AND key = ? AND versionId = ?').get(
            bucket,
            key,
            versionId,
          );
    return row === undefined ? undefined : versionSchema.parse(row);
  }

  /** Adds the latest version of an object, in the place of one with the same id. */
  add(version: NewVersion): ObjectVersion {
    const { bucket, key, versionId, body, size, etag, modified, headers } = version;
    this.#prepare('UPDATE versions SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1').run(bucket, key);
    this.#prepare('DELETE FROM versions WHERE bucket = ? AND key = ? AND versionId = ?').run(bucket, key, versionId);
    const { lastInsertRowid } = this.#prepare(
      'INSERT INTO versions (bucket, key, versionId, latest, body, size, etag, modified, headers) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)',
    ).run(bucket, key, versionId, body, size, etag, modified, JSON.stringify(headers));
    return { ...version, sequence: Number(lastInsertRowid), latest: true };
  }

  /** Removes a version for good. The one before it is the latest then. */
  remove(bucket: string, key: string, versionId: string): void {
    this.#prepare('DELETE FROM versions WHERE bucket = ? AND key = ? AND versionId = ?').run(bucket, key, versionId);
    this.#prepare(
      `UPDATE versions SET latest = 1 WHERE sequence =
         (SELECT max(sequence) FROM versions WHERE bucket = ? AND key = ?)`,
    ).run(bucket, key);
  }

  /** The objects of a bucket that are not deleted, by key (in the order of its UTF-8), from the one after `after` on. */
  objects(bucket: string, prefix: string, after: string): Generator<ObjectVersion> {
    const rows = this.#prepare(
      `SELECT * FROM versions WHERE bucket = ? AND key >= ? AND key > ? AND latest = 1 AND body IS NOT NULL
       ORDER BY key`,
    ).iterate(bucket, prefix, after);
    return withPrefix(rows, prefix);
  }

  /** All versions and delete markers, by key and from the newest to the oldest, from those after `after` on. */
  versions(bucket: string, prefix: string, after: { key: string; sequence: number }): Generator<ObjectVersion> {
    const rows = this.#prepare(
      `SELECT * FROM versions WHERE bucket = ? AND key >= ? AND (key > ? OR (key = ? AND sequence < ?))
       ORDER BY key, sequence DESC`,
    ).iterate(bucket, prefix, after.key, after.key, after.sequence);
    return withPrefix(rows, prefix);
  }

  /** The bodies of all versions. */
  bodies(): Set<string> {
    const rows = this.#prepare('SELECT body FROM versions WHERE body IS NOT NULL').all();
    return new Set(rows.map((row) => z.object({ body: z.string() }).parse(row).body));
  }

  #prepare(sql: string): ReturnType<DatabaseSync['prepare']> {
    return this.#database.prepare(sql);
  }
}

function* withPrefix(rows: Iterable<unknown>, prefix: string): Generator<ObjectVersion> {
  for (const row of rows) {
    const version = versionSchema.parse(row);
    if (!version.key.startsWith(prefix)) return;
    yield version;
  }
}
