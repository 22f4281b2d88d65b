import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { notImplemented, S3Error } from './s3-error.ts';

interface Running {
  update(bytes: Buffer): void;
  /** To be called once. */
  end(): Buffer;
}

function hash(algorithm: string): Running {
  const state = createHash(algorithm);
  return { update: (bytes) => void state.update(bytes), end: () => state.digest() };
}

function cyclic(): Running {
  let state = 0;
  const end = (): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(state);
    return bytes;
  };
  return {
    update: (bytes) => {
      state = crc32(bytes, state);
    },
    end,
  };
}

const ALGORITHMS: Readonly<Record<string, () => Running>> = {
  'x-amz-checksum-crc32': cyclic,
  'x-amz-checksum-sha1': () => hash('sha1'),
  'x-amz-checksum-sha256': () => hash('sha256'),
};

/** What is neither a checksum itself nor its trailer. */
const ABOUT_CHECKSUMS = new Set(['x-amz-checksum-mode', 'x-amz-checksum-algorithm', 'x-amz-checksum-type']);

/** What the sender says that the body must come to. */
export interface ExpectedDigests {
  /** Base64, of `Content-MD5`. */
  readonly md5: string | undefined;
  /** The header (or trailer) of the checksum, and its value in base64, which may come after the body. */
  readonly checksum: { readonly header: string; readonly value: () => string | undefined } | undefined;
}

/** Reads the expected digests from headers; `trailers` fill while the body is read. */
export function expectedDigests(
  headers: Readonly<Record<string, string>>,
  trailers: ReadonlyMap<string, string> = new Map(),
): ExpectedDigests {
  const announced = headers['x-amz-trailer']?.trim().toLowerCase();
  const inHeader = Object.keys(headers).find((name) => /^x-amz-checksum-/.test(name) && !ABOUT_CHECKSUMS.has(name));
  const header = inHeader ?? announced;
  const md5 = headers['content-md5'];
  if (header === undefined) return { md5, checksum: undefined };
  if (ALGORITHMS[header] === undefined) throw notImplemented(header);
  const value = () => (inHeader === undefined ? trailers.get(header) : headers[inHeader]);
  return { md5, checksum: { header, value } };
}

/** Computes the digests of a body while it passes, and how long it is. */
export class Digests {
  readonly #expected: ExpectedDigests;
  readonly #md5 = hash('md5');
  readonly #checksum: Running | undefined;
  #size = 0;

  constructor(expected: ExpectedDigests) {
    this.#expected = expected;
    this.#checksum = ALGORITHMS[expected.checksum?.header ?? '']?.();
  }

  async *of(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const bytes of body) {
      this.#size += bytes.length;
      this.#md5.update(bytes);
      this.#checksum?.update(bytes);
      yield bytes;
    }
  }

  /**
   * Of the whole body: its size, its ETag and the checksum to keep with it, by header.
   * @throws S3Error `BadDigest` when it is not what the sender expected
   */
  end(): { size: number; etag: string; checksum: Readonly<Record<string, string>> } {
    const md5 = this.#md5.end();
    if (this.#expected.md5 !== undefined && this.#expected.md5 !== md5.toString('base64')) {
      throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
    }
    const { checksum } = this.#expected;
    const computed = this.#checksum?.end().toString('base64');
    if (checksum !== undefined && checksum.value() !== computed) {
      const algorithm = checksum.header.slice('x-amz-checksum-'.length).toUpperCase();
      throw new S3Error(400, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
    }
    return {
      size: this.#size,
      etag: md5.toString('hex'),
      checksum: checksum === undefined || computed === undefined ? {} : { [checksum.header]: computed },
    };
  }
}
