import busboy from 'busboy';
import { invalidArgument, preconditionFailed, S3Error } from './s3-answer.ts';

/** A form up to its file. */
export interface PostForm {
  /** By lower-case name, as S3 does not tell `Key` from `key`. What comes after the file is ignored. */
  readonly fields: ReadonlyMap<string, string>;
  readonly fileName: string;
  readonly file: Buffer;
}

/** S3's limit for everything before the file, in bytes. */
const FIELDS_BYTES = 20 * 1024;

const malformed = (): S3Error =>
  new S3Error(400, 'MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.');

/**
 * Reads a multipart/form-data body.
 * @throws S3Error when there is no file, too much or the same field twice before it, or the body is something else
 */
export async function readForm(contentType: string, body: Buffer): Promise<PostForm> {
  const fields = new Map<string, string>();
  const file: Buffer[] = [];
  let found: string | undefined;
  let bytes = 0;
  let refusal: S3Error | undefined;
  const parser = parserOf(contentType);
  const { promise: parsed, resolve, reject } = Promise.withResolvers<void>();
  parser.on('field', (name, value) => {
    if (found !== undefined) return;
    const field = name.toLowerCase();
    bytes += Buffer.byteLength(field) + Buffer.byteLength(value);
    if (fields.has(field)) refusal ??= invalidArgument(`The field ${name} appears twice`, name, value);
    fields.set(field, value);
  });
  parser.on('file', (name, stream, { filename }) => {
    stream.on('error', () => reject(malformed()));
    const wanted = found === undefined && name.toLowerCase() === 'file';
    if (wanted) found = filename ?? '';
    else if (found === undefined) fields.set(name.toLowerCase(), '');
    stream.on('data', (piece: Buffer) => {
      if (wanted) file.push(piece);
    });
  });
  parser.on('error', () => reject(malformed()));
  parser.on('close', resolve);
  parser.end(body);
  await parsed;
  if (bytes > FIELDS_BYTES) {
    const message = 'Your POST request fields preceding the upload file were too large.';
    throw new S3Error(400, 'MaxPostPreDataLengthExceeded', message);
  }
  if (refusal !== undefined) throw refusal;
  if (found === undefined) throw invalidArgument('POST requires exactly one file upload per request.', 'file', '0');
  return { fields, fileName: found, file: Buffer.concat(file) };
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
    throw preconditionFailed('Bucket POST must be of the enclosure-type multipart/form-data');
  }
}
