import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Where the bytes of objects lie. They have ids of their own, so that no key, whatever is in it, gets near a path. */
export interface Bodies {
  /** Stores what the source yields and returns its id. When the source throws, nothing is left of it. */
  write(source: AsyncIterable<Buffer>): Promise<string>;
  /** The bytes from `start` to `end`, both included. They can be read to their end even if the body is removed meanwhile. */
  read(id: string, start: number, end: number): Readable;
  remove(id: string): void;
  /** Removes every other body: what a process that was killed had not finished or not removed. */
  keepOnly(ids: ReadonlySet<string>): void;
}

/** Bodies as files of a folder. No body counts before the index names it, so a file that a crash cut short is only litter. */
export class FileBodies implements Bodies {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  async write(source: AsyncIterable<Buffer>): Promise<string> {
    const id = randomUUID();
    try {
      await pipeline(source, createWriteStream(join(this.#folder, id), { mode: 0o600 }));
    } catch (error) {
      this.remove(id);
      throw error;
    }
    return id;
  }

  read(id: string, start: number, end: number): Readable {
    // Opened before anything else can happen, since a removal must not come between looking up an object and opening it.
    const path = join(this.#folder, id);
    return createReadStream(path, { fd: openSync(path, 'r'), start, end });
  }

  remove(id: string): void {
    rmSync(join(this.#folder, id), { force: true });
  }

  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of readdirSync(this.#folder)) if (!ids.has(id)) this.remove(id);
  }
}

/** Bodies in memory, for a cloud that keeps nothing. */
export class MemoryBodies implements Bodies {
  readonly #bodies = new Map<string, Buffer>();

  async write(source: AsyncIterable<Buffer>): Promise<string> {
    const id = randomUUID();
    const pieces: Buffer[] = [];
    for await (const piece of source) pieces.push(piece);
    this.#bodies.set(id, Buffer.concat(pieces));
    return id;
  }

  read(id: string, start: number, end: number): Readable {
    const body = this.#bodies.get(id);
    if (body === undefined) throw new Error(`there is no body ${id}`);
    return Readable.from([body.subarray(start, end + 1)]);
  }

  remove(id: string): void {
    this.#bodies.delete(id);
  }

  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#bodies.keys()) if (!ids.has(id)) this.remove(id);
  }
}
