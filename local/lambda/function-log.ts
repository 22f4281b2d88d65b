import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Meter } from '../meter.ts';

/** Where functions' logs go: one file a function in `folder`, as CloudWatch has one log group each, or nowhere. Counts their bytes. */
export class FunctionLogs {
  readonly #folder: string | undefined;
  readonly #meter: Meter;
  readonly #files = new Map<string, WriteStream>();

  constructor(folder: string | undefined, meter: Meter) {
    this.#folder = folder;
    this.#meter = meter;
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
  }

  write(functionName: string, text: string | Buffer): void {
    this.#meter.add('logs.byte', Buffer.byteLength(text));
    if (this.#folder === undefined) return;
    let file = this.#files.get(functionName);
    if (file === undefined) {
      file = createWriteStream(join(this.#folder, `${functionName}.log`), { flags: 'a' });
      file.on('error', () => {});
      this.#files.set(functionName, file);
    }
    file.write(text);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => new Promise<void>((done) => file.end(() => done()))));
  }
}
