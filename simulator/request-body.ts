import type { IncomingMessage } from 'node:http';

/**
 * Reads a request's body as UTF-8 and hands it on; undefined as soon as it is longer than `maximumBytes`. A client that
 * goes away before the end is never heard of again: its call did not arrive. Callbacks, not promises, since every call
 * passes here.
 */
export function readBody(
  request: IncomingMessage,
  maximumBytes: number,
  done: (text: string | undefined) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    if (bytes > maximumBytes) {
      return;
    }
    bytes += chunk.length;
    if (bytes > maximumBytes) {
      done(undefined);
    } else {
      chunks.push(chunk);
    }
  });
  request.on('end', () => {
    if (bytes <= maximumBytes) {
      done(Buffer.concat(chunks).toString('utf8'));
    }
  });
  // Without a listener a reset in the middle of a body would end the process.
  request.on('error', () => undefined);
}
