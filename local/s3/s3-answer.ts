import type { ServerResponse } from 'node:http';

/** An answer of S3: XML as a string, or the bytes of an object. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** An XML 1.0 document. S3 writes no line breaks inside it, so neither does this. */
export const document = (root: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${root}`;

/** An element around what is XML already. */
export const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;

export type Texts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Elements around plain values, one for each property that has one. */
export const texts = (values: Texts): string =>
  Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : element(name, escapeText(String(value)))))
    .join('');

/** S3 writes control characters, which keys may hold, as references, although XML 1.0 has no such references. */
const escapeText = (value: string): string =>
  value.replaceAll(/[&<>"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);

/** A header can't hold characters beyond ASCII, but a form field does: S3 then writes it as in mail (RFC 2047). */
const asHeader = (value: string): string =>
  /^[ -~]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;

export function sendAnswer(
  response: ServerResponse,
  requestId: string,
  { status, headers = {}, body = '' }: S3Answer,
): void {
  const type = typeof body === 'string' && body !== '' ? { 'content-type': 'application/xml' } : {};
  const shown = Object.entries(headers).map(([name, value]) => [name, asHeader(value)]);
  response.writeHead(status, {
    'x-amz-request-id': requestId,
    'x-amz-id-2': requestId,
    ...type,
    ...Object.fromEntries(shown),
  });
  response.end(body);
}

interface More {
  /** Further elements of the error document, such as `MaxSizeAllowed`. */
  readonly details?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that S3 answers with, by its code in the API reference's "Error responses". */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  readonly #more: More;

  constructor(status: number, code: string, message: string, more: More = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.#more = more;
  }

  answer(requestId: string): S3Answer {
    const { details = {}, headers = {} } = this.#more;
    const content = texts({ Code: this.code, Message: this.message, ...details, RequestId: requestId });
    return { status: this.status, headers, body: document(element('Error', content)) };
  }
}

export const accessDenied = (message = 'Access Denied'): S3Error => new S3Error(403, 'AccessDenied', message);

/** For what S3 can do and the local one can't; S3 itself uses it for what it doesn't know. */
export const notImplemented = (what: string): S3Error =>
  new S3Error(501, 'NotImplemented', `The local S3 does not implement ${what}`);

export const invalidArgument = (message: string, name: string, value = ''): S3Error =>
  new S3Error(400, 'InvalidArgument', message, { details: { ArgumentName: name, ArgumentValue: value } });

export const noSuchKey = (key: string, headers: Readonly<Record<string, string>> = {}): S3Error =>
  new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', { details: { Key: key }, headers });

export const noSuchBucket = (bucket: string): S3Error =>
  new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist', { details: { BucketName: bucket } });

export const missingContentLength = (): S3Error =>
  new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');

export const preconditionFailed = (Condition: string): S3Error =>
  new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    details: { Condition },
  });
