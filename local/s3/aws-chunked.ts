import { S3Error } from './s3-error.ts';

/** Far more than the head of a chunk with its signature, or a trailer, needs. */
const LINE_BYTES = 4096;

const incomplete = (): S3Error =>
  new S3Error(
    400,
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  );

const malformed = (): S3Error => new S3Error(400, 'InvalidRequest', 'The aws-chunked body is not well-formed');

/** Reads lines and counted bytes from pieces of any size, never holding more than a piece and a line. */
class Lines {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterator<Buffer>) {
    this.#source = source;
  }

  /** The next line without its CRLF. */
  async line(): Promise<string> {
    let end = this.#rest.indexOf('\r\n');
    while (end < 0) {
      if (this.#rest.length > LINE_BYTES) throw malformed();
      this.#rest = Buffer.concat([this.#rest, await this.#next()]);
      end = this.#rest.indexOf('\r\n');
    }
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  async *take(count: number): AsyncGenerator<Buffer> {
    let missing = count;
    while (missing > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  async #next(): Promise<Buffer> {
    const next = await this.#source.next();
    if (next.done === true) throw incomplete();
    return next.value;
  }
}

/**
 * Decodes a body in `Content-Encoding: aws-chunked`, which SDKs send when they sign chunk by chunk or compute a checksum on the way: each
 * chunk is `<size in hex>[;chunk-signature=…]`, its bytes and a CRLF; after the one of size 0 come the trailers, which are added to
 * `trailers` by lower-case name. Signatures of chunks are not verified, like those of requests.
 * ("Signature calculations for the Authorization header: transferring payload in multiple chunks", S3 API reference)
 *
 * @throws S3Error `IncompleteBody` when the body ends too early, or is not `decodedLength` bytes long
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  decodedLength: number | undefined,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    yield* decodeLines(new Lines(iterator), decodedLength, trailers);
  } finally {
    // Lets go of the source, which may have more to come.
    await iterator.return?.();
  }
}

async function* decodeLines(
  lines: Lines,
  decodedLength: number | undefined,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let decoded = 0;
  for (;;) {
    const [size = ''] = (await lines.line()).split(';');
    if (!/^[0-9a-f]{1,10}$/i.test(size)) throw malformed();
    const count = Number.parseInt(size, 16);
    if (count === 0) break;
    decoded += count;
    yield* lines.take(count);
    if ((await lines.line()) !== '') throw malformed();
  }
  if (decodedLength !== undefined && decoded !== decodedLength) throw incomplete();
  for (let line = await lines.line(); line !== ''; line = await lines.line()) {
    const colon = line.indexOf(':');
    if (colon < 0) throw malformed();
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}
