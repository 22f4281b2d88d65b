import type { IncomingMessage } from 'node:http';

/**
 * Reads a request's body as UTF-8; undefined as soon as it exceeds `maximumBytes`. Never calls back if the client goes
 * away before the end. Callbacks instead of promises, since this is the hot path.
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
  // Without a listener, a reset in the middle of a body would end the process.
  request.on('error', () => undefined);
}
