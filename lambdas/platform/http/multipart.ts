import busboy from 'busboy';
import { FILE_NAME_LENGTH, MAXIMUM_FILE_BYTES } from '#lambdas/batch/file.ts';
import { invalidRequest } from '../errors.ts';
import type { ApiEvent } from './event.ts';

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

const LIMITS = { files: 2, fields: 32, fieldNameSize: 100, fieldSize: 64 * 1024, fileSize: MAXIMUM_FILE_BYTES + 1 };

const malformed = (reason: string) => invalidRequest(`Malformed multipart body: ${reason}`, { field: 'body' });

/**
 * The fields of a multipart/form-data body, and the file in its `file` part.
 * @throws ServiceError `InvalidRequest` when the content type isn't multipart, the body is malformed or the file is
 * missing
 */
export function multipartForm({ headers, bytes }: ApiEvent): Promise<MultipartForm> {
  const contentType = headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw invalidRequest('Content-Type must be multipart/form-data with a boundary', { field: 'Content-Type' });
  }
  return new Promise((resolve, reject) => {
    const parser = parserOf(contentType);
    const fields = new Map<string, string>();
    const files: (FormFile & { readonly field: string })[] = [];
    let ended = 0;
    parser.on('field', (name, value, { valueTruncated }) => {
      if (valueTruncated) return reject(invalidRequest(`${name} is too long`, { field: name }));
      if (fields.has(name)) return reject(invalidRequest(`Send ${name} only once`, { field: name }));
      fields.set(name, value);
    });
    parser.on('file', (field, stream, { filename, mimeType }) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        ended += 1;
        const name = (filename ?? '').slice(0, FILE_NAME_LENGTH);
        files.push({ field, name, contentType: mimeType, bytes: Buffer.concat(parts) });
      });
      stream.on('error', (error) => reject(malformed(error.message)));
    });
    parser.on('error', (error) => reject(malformed(error instanceof Error ? error.message : 'it is truncated')));
    parser.on('close', () => {
      const [file, ...others] = files.filter(({ field }) => field === 'file');
      if (!file || ended !== files.length) {
        return reject(invalidRequest('Send a CSV or JSON file as the `file` part', { field: 'file' }));
      }
      if (others.length > 0) return reject(invalidRequest('Send exactly one `file` part', { field: 'file' }));
      resolve({ fields: Object.fromEntries(fields), file });
    });
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
