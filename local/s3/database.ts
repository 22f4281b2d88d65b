import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const TABLES = `
  CREATE TABLE IF NOT EXISTS versions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    versionId TEXT NOT NULL,
    latest INTEGER NOT NULL,
    body TEXT,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified INTEGER NOT NULL,
    headers TEXT NOT NULL,
    UNIQUE (bucket, key, versionId)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ofKey ON versions (bucket, key, sequence);
  CREATE INDEX IF NOT EXISTS latest ON versions (bucket, key) WHERE latest = 1;
  CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY AUTOINCREMENT, queueArn TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS tested (bucket TEXT NOT NULL, queueArn TEXT NOT NULL, PRIMARY KEY (bucket, queueArn)) STRICT;
`;

/**
 * Opens what is known of objects and of messages that are still to be sent, kept in `folder` or, without one, in memory. Whatever was
 * committed survives the end of the process, however it ends; not, like the rest of the local cloud, that of the machine.
 */
export function openDatabase(folder: string | undefined): DatabaseSync {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(folder === undefined ? ':memory:' : join(folder, 'index.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  database.exec(TABLES);
  return database;
}

/** Makes the changes all or not at all. */
export function transaction<Result>(database: DatabaseSync, change: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = change();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
