import { document, element, texts } from './xml.ts';

type Details = Readonly<Record<string, string | number>>;

/** An error that S3 answers with, by its code in the API reference's "Error responses". */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  /** Further elements of the error document, such as `MaxSizeAllowed`. */
  readonly details: Details;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    { details = {}, headers = {} }: { details?: Details; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.headers = headers;
  }

  /** The body of the answer. */
  toXml(requestId: string): string {
    const content = texts({ Code: this.code, Message: this.message, ...this.details, RequestId: requestId });
    return document(element('Error', content));
  }
}

export const accessDenied = (message = 'Access Denied'): S3Error => new S3Error(403, 'AccessDenied', message);

/** For what S3 can and the local one cannot; S3 itself uses it for what it does not know. */
export const notImplemented = (what: string): S3Error =>
  new S3Error(501, 'NotImplemented', `The local S3 does not implement ${what}`);

export const invalidArgument = (message: string, name: string, value = ''): S3Error =>
  new S3Error(400, 'InvalidArgument', message, { details: { ArgumentName: name, ArgumentValue: value } });

export const noSuchKey = (key: string, headers: Readonly<Record<string, string>> = {}): S3Error =>
  new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', { details: { Key: key }, headers });
