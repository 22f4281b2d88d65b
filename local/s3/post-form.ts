import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { invalidArgument, S3Error } from './s3-error.ts';
import { bytesOf, type S3Request } from './s3-request.ts';

/** A form up to its file. */
export interface PostForm {
  /** By lower-case name, as S3 does not tell `Key` from `key`. What comes after the file is ignored. */
  readonly fields: ReadonlyMap<string, string>;
  readonly fileName: string;
  /** The bytes of the file. It throws when the form turns out to be cut short, after the file too. */
  readonly file: AsyncIterable<Buffer>;
}

/** S3's limit for everything before the file, in bytes. */
const FIELDS_BYTES = 20 * 1024;

const malformed = (): S3Error =>
  new S3Error(400, 'MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.');

const withoutFile = (): S3Error => invalidArgument('POST requires exactly one file upload per request.', 'file', '0');

/**
 * Reads a multipart/form-data body as far as its file, which is left to the caller to read.
 * @throws S3Error when there is no file, too much or the same field twice before it, or the body is something else
 */
export function readForm({ headers, incoming }: S3Request): Promise<PostForm> {
  const parser = parserOf(headers['content-type'] ?? '');
  const fields = new Map<string, string>();
  let bytes = 0;
  let fileFound = false;
  const found = Promise.withResolvers<PostForm>();
  const ended = Promise.withResolvers<void>();
  // It can be rejected before anybody waits for it.
  ended.promise.catch(() => undefined);
  const fail = (error: S3Error): void => {
    found.reject(error);
    ended.reject(error);
    incoming.unpipe(parser);
    // Later, since the parser may be in the middle of a piece. It ends the file that it is at, and so whoever reads that.
    setImmediate(() => parser.destroy());
  };

  parser.on('field', (name, value) => {
    if (fileFound) return;
    const field = name.toLowerCase();
    bytes += Buffer.byteLength(field) + Buffer.byteLength(value);
    if (bytes > FIELDS_BYTES) {
      const message = 'Your POST request fields preceding the upload file were too large.';
      return fail(new S3Error(400, 'MaxPostPreDataLengthExceeded', message));
    }
    if (fields.has(field)) return fail(invalidArgument(`The field ${name} is there twice`, name, value));
    fields.set(field, value);
  });
  parser.on('file', (name, stream, { filename }) => {
    // Without a listener, a form that is cut short would end the process.
    stream.on('error', () => fail(malformed()));
    const isFile = name.toLowerCase() === 'file';
    if (fileFound || !isFile) {
      if (!fileFound) fields.set(name.toLowerCase(), '');
      stream.resume();
      return;
    }
    fileFound = true;
    found.resolve({ fields, fileName: filename ?? '', file: fileBytes(stream, ended.promise) });
  });
  parser.on('error', () => fail(malformed()));
  parser.on('close', () => {
    found.reject(withoutFile());
    ended.resolve();
  });
  incoming.on('close', () => {
    if (!incoming.complete) fail(malformed());
  });
  incoming.pipe(parser);
  return found.promise;
}

async function* fileBytes(stream: Readable, ended: Promise<void>): AsyncGenerator<Buffer> {
  try {
    yield* bytesOf(stream);
  } catch {
    throw malformed();
  }
  await ended;
}

function parserOf(contentType: string): busboy.Busboy {
  try {
    if (!/^multipart\/form-data\s*;/i.test(contentType)) throw new TypeError('another type');
    return busboy({
      headers: { 'content-type': contentType },
      limits: { fieldSize: FIELDS_BYTES + 1, fieldNameSize: 256 },
      defParamCharset: 'utf8',
    });
  } catch {
    const condition = 'Bucket POST must be of the enclosure-type multipart/form-data';
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
      details: { Condition: condition },
    });
  }
}
