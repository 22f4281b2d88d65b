/** What kind of failure a caller sees; the transport maps each to a status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'too-many'
  | 'upstream-failed'
  | 'upstream-timeout';

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The one error whose text reaches a caller. `code` and `message` go out as `errorCode` and `errorMsg`, `details` as `errorDetails`. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: ErrorDetails | undefined;
  /** After how many milliseconds it can help to try again; goes out as `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(kind: ErrorKind, code: string, message: string, details?: ErrorDetails, retryAfter?: number) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/** A request that cannot be processed as it is. `field` names what to change, as `errorDetails.field`. */
export const invalidRequest = (message: string, details?: ErrorDetails): ServiceError =>
  new ServiceError('invalid', 'InvalidRequest', message, details);

/** A conditional write kept losing, or a state is not what it can be. A retry is safe. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}
