import { document, element, type S3Answer, texts } from './s3-answer.ts';

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
