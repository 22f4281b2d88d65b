import busboy from 'busboy';
import { FILE_NAME_LENGTH, MAXIMUM_FILE_BYTES } from '#lambdas/batch/file.ts';
import { isOneLine, shown } from '../characters.ts';
import { invalidRequest } from '../errors.ts';
import { type ApiEvent, bodyOf } from './event.ts';

/** A form's file, byte for byte. */
export interface FormFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface MultipartForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: FormFile;
}

/** A part as it came: text, or bytes where it has a file name or says that it's bytes. */
interface Part {
  readonly name: string | undefined;
  readonly fileName: string | undefined;
  readonly contentType: string;
  readonly encoding: string;
  readonly content: string | Buffer;
}

const MAX_FIELD_BYTES = 64 * 1024;
const LIMITS = {
  files: 8,
  fields: 32,
  // One more than is taken shows that there is more.
  fieldSize: MAX_FIELD_BYTES + 1,
  fileSize: MAXIMUM_FILE_BYTES + 1,
};

const malformed = (reason: string) => invalidRequest(`Malformed multipart body: ${reason}`, { field: 'body' });

/**
 * The fields of a multipart/form-data body, and the file in its `file` part. Every part is one of them, ignored by its
 * name, or refused: none is dropped, since what it says would be missing without a word.
 * @param fieldNames the known fields. A part with such a name is that field, with or without a file name: browsers give
 * one to every blob
 * @throws ServiceError `InvalidRequest` when the content type isn't multipart, the body is malformed or too large in
 * some way, or the file is missing
 */
export async function multipartForm(event: ApiEvent, fieldNames: readonly string[]): Promise<MultipartForm> {
  const contentType = event.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw invalidRequest('Content-Type must be multipart/form-data with a boundary', { field: 'Content-Type' });
  }
  const bytes = bodyOf(event);
  const parts = await partsOf(contentType, bytes);
  if (parts.length < countParts(contentType, bytes)) {
    throw malformed('each part needs the header Content-Disposition: form-data with a name');
  }
  return formOf(parts, fieldNames);
}

function formOf(parts: readonly Part[], fieldNames: readonly string[]): MultipartForm {
  const fields = new Map<string, string>();
  const files: FormFile[] = [];
  for (const { name, fileName = '', contentType, encoding, content } of parts) {
    if (name === undefined) throw malformed('it has a part without a name');
    const field = shown(name);
    if (!/^(7bit|8bit|binary)$/.test(encoding)) {
      throw invalidRequest(`${field}: Content-Transfer-Encoding ${shown(encoding)} is not read; send it as it is`, {
        field,
      });
    }
    if (name === 'file') {
      if (typeof content === 'string') {
        throw invalidRequest('The part file has no file name; send it as a file', { field });
      }
      files.push({ name: nameOf(fileName), contentType, bytes: content });
      continue;
    }
    if (typeof content !== 'string' && !fieldNames.includes(name)) {
      // A browser sends an input of files without a file as an empty one.
      if (content.length === 0 && fileName === '') continue;
      throw invalidRequest(
        `The part ${field} is neither a field of this form nor its file; known are file, ${fieldNames.join(', ')}`,
        { field },
      );
    }
    if (content.length > MAX_FIELD_BYTES) throw invalidRequest(`${field} is too long; it may have 64 KB`, { field });
    if (fields.has(name)) throw invalidRequest(`Send ${field} only once`, { field });
    fields.set(name, typeof content === 'string' ? content : textOf(content, field));
  }
  const [file, ...others] = files;
  if (!file) throw invalidRequest('Send a CSV or JSON file as the `file` part', { field: 'file' });
  if (others.length > 0) throw invalidRequest('Send exactly one `file` part', { field: 'file' });
  return { fields: Object.fromEntries(fields), file };
}

function nameOf(fileName: string): string {
  if (!isOneLine(fileName)) {
    throw invalidRequest('The name of the file must be one line without control characters', { field: 'file' });
  }
  // The cut may go through a character of two halves.
  return fileName.slice(0, FILE_NAME_LENGTH).toWellFormed();
}

function textOf(bytes: Buffer, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidRequest(`${field} is not UTF-8`, { field });
  }
}

/** The parts of a body that have a name or a file name. */
function partsOf(contentType: string, bytes: Buffer): Promise<Part[]> {
  return new Promise((resolve, reject) => {
    const parser = parserOf(contentType);
    const parts: Part[] = [];
    parser.on('field', (name, content, { encoding, mimeType }) => {
      parts.push({ name, fileName: undefined, contentType: mimeType, encoding, content });
    });
    parser.on('file', (name, stream, { filename: fileName, encoding, mimeType: contentType }) => {
      const at = parts.push({ name, fileName, contentType, encoding, content: '' }) - 1;
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        parts[at] = { name, fileName, contentType, encoding, content: Buffer.concat(chunks) };
      });
      stream.on('error', (error) => reject(malformed(error.message)));
    });
    parser.on('fieldsLimit', () => reject(malformed(`it may have at most ${LIMITS.fields} parts of text`)));
    parser.on('filesLimit', () => reject(malformed(`it may have at most ${LIMITS.files} parts with a file name`)));
    parser.on('error', (error) => reject(malformed(error instanceof Error ? error.message : 'it is truncated')));
    parser.on('close', () => resolve(parts));
    parser.end(bytes);
  });
}

function parserOf(contentType: string): busboy.Busboy {
  try {
    return busboy({ headers: { 'content-type': contentType }, limits: LIMITS, defParamCharset: 'utf8' });
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : 'unknown content type');
  }
}

/** How many parts a body has up to its end (RFC 2046, 5.1.1). The parser leaves out those without a disposition. */
function countParts(contentType: string, bytes: Buffer): number {
  const [, quoted, plain = ''] = /;\s*boundary=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/i.exec(contentType) ?? [];
  const delimiter = `\r\n--${quoted?.replace(/\\(.)/g, '$1') ?? plain}`;
  const body = Buffer.concat([Buffer.from('\r\n'), bytes]);
  let count = 0;
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + 2)) {
    const next = body.toString('latin1', at + delimiter.length, at + delimiter.length + 2);
    if (next === '--') break;
    if (next === '\r\n') count += 1;
  }
  return count;
}
