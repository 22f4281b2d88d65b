/** What kind of failure a caller sees; the transport maps each to a status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'too-many'
  | 'unavailable';

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The one error whose text reaches a caller. `code` and `message` go out as `errorCode` and `errorMsg`, `details` as `errorDetails`. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: ErrorDetails | undefined;

  constructor(kind: ErrorKind, code: string, message: string, details?: ErrorDetails) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.details = details;
  }
}

/** A request that cannot be processed as it is. `field` names what to change, as `errorDetails.field`. */
export const invalidRequest = (message: string, details?: ErrorDetails): ServiceError =>
  new ServiceError('invalid', 'InvalidRequest', message, details);

/** A conditional write kept losing, or a state is not what it can be. A retry is safe. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}
