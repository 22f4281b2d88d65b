/** The kind of failure that a client sees. The transport maps each to an HTTP status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'unsupported'
  | 'too-many'
  | 'upstream-failed'
  | 'upstream-timeout';

export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one error whose text reaches clients. `code`, `message` and `details` go out as `errorCode`, `errorMsg` and
 * `errorDetails`.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: ErrorDetails | undefined;
  /** Milliseconds after which a retry may help. Goes out as `Retry-After`. */
  readonly retryAfter: number | undefined;
  /** Further fields of the answer, beside `errorDetails`. */
  readonly beside: ErrorDetails | undefined;

  constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    details?: ErrorDetails,
    retryAfter?: number,
    beside?: ErrorDetails,
  ) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
    this.beside = beside;
  }
}

/** A request that has to change. `details.field` names what. */
export const invalidRequest = (message: string, details?: ErrorDetails): ServiceError =>
  new ServiceError('invalid', 'InvalidRequest', message, details);

/** A conditional write kept failing because others wrote first. A retry is safe. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}
