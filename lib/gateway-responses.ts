import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';

/** The maximum of a body at API Gateway, and of an uploaded file (seeds, overview, "Limits and Quotas"). In bytes. */
const MAXIMUM_BODY = 10 * 1024 * 1024;

/** The path whose answer takes files of up to that size straight to S3. A function's event ends at 6 MB (design, "Uploads"). */
export const UPLOAD_VIA = '/fi/requests/schedule/upload/v3/presign';

interface GatewayError {
  /** Left out: the status the gateway itself would answer. */
  readonly statusCode?: string;
  readonly errorCode: string;
  readonly errorMsg: string;
  readonly errorDetails?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const tooMany: GatewayError = {
  statusCode: '429',
  errorCode: 'TooManyRequests',
  errorMsg: 'Too many requests; wait before sending this one again',
  headers: { 'Retry-After': "'1'" },
};

const unknownRoute: GatewayError = {
  statusCode: '404',
  errorCode: 'NotFound',
  errorMsg: 'No such path, or not with this method',
};

const ERRORS: ReadonlyArray<readonly [ResponseType, GatewayError]> = [
  [
    ResponseType.REQUEST_TOO_LARGE,
    {
      statusCode: '413',
      errorCode: 'FileTooLarge',
      errorMsg: 'File size exceeds maximum allowed',
      // The seed's third detail, providedSize, is not known to the gateway.
      errorDetails: { maxSize: MAXIMUM_BODY, maxSizeMB: MAXIMUM_BODY / 1024 ** 2, uploadVia: UPLOAD_VIA },
    },
  ],
  [ResponseType.THROTTLED, tooMany],
  [ResponseType.QUOTA_EXCEEDED, tooMany],
  // What the gateway says where it finds no method. The catch-all routes leave it little, such as a path it cannot decode.
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, unknownRoute],
  [ResponseType.RESOURCE_NOT_FOUND, unknownRoute],
  [
    ResponseType.DEFAULT_4XX,
    { errorCode: 'InvalidRequest', errorMsg: 'The gateway refused the request: $context.error.responseType' },
  ],
  [
    ResponseType.DEFAULT_5XX,
    {
      errorCode: 'InternalError',
      errorMsg: 'The request could not be answered, but it may have been processed; look before sending it again',
    },
  ],
];

/**
 * What API Gateway answers itself, in the API's error envelope. It cannot format dates, so `timestamp` is the request's time in
 * epoch milliseconds (design, "Decisions already taken"). Integration failures and timeouts go by the 5xx default.
 */
export function addGatewayResponses(api: RestApi): void {
  for (const [type, { statusCode, headers, ...error }] of ERRORS) {
    const envelope = { ver: '1.0', timestamp: '$context.requestTimeEpoch', txnid: '$context.requestId', ...error };
    api.addGatewayResponse(type.responseType, {
      type,
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(headers === undefined ? {} : { responseHeaders: { ...headers } }),
      templates: { 'application/json': JSON.stringify(envelope) },
    });
  }
}
