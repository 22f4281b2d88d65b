import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { EVERY_ANSWER } from '#lambdas/platform/http/answer-headers.ts';

/** The largest body that API Gateway takes, and the largest file (`docs/spec/overview.md`, "Limits"). In bytes. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * The largest body that a function takes, about: its event has at most 6 MB (AWS Lambda quotas), with headers and with the body in base64,
 * which is a third larger.
 */
const MAX_EVENT_BODY_BYTES = 4.4 * 1024 * 1024;

/**
 * The path that answers with a form for posting files of up to that size straight to S3. A function's event is limited to 6 MB
 * (docs/decisions/0016-large-files-go-straight-to-s3.md).
 */
export const PRESIGN_PATH = '/fi/requests/schedule/upload/v3/presign';

/** A gateway's response quotes what is no variable. */
const EVERY_RESPONSE = Object.fromEntries(Object.entries(EVERY_ANSWER).map(([name, value]) => [name, `'${value}'`]));

interface GatewayError {
  /** The gateway's own status, unless set. */
  readonly statusCode?: string;
  readonly errorCode: string;
  readonly errorMsg: string;
  readonly errorDetails?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const tooManyRequests: GatewayError = {
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
      // The specification's words. One answer serves all paths, so what it means for a body of JSON is in the details.
      errorMsg: 'File size exceeds maximum allowed',
      // The specification's third detail, providedSize, isn't known to the gateway.
      errorDetails: {
        maxSize: MAX_BODY_BYTES,
        maxSizeMB: MAX_BODY_BYTES / 1024 ** 2,
        maxBodySize: Math.floor(MAX_EVENT_BODY_BYTES),
        uploadVia: PRESIGN_PATH,
        remedy:
          'The body of one request, JSON or a form, can have about 4.4 MB: pack it (Content-Encoding: gzip), or send its rows as a CSV or JSON file of ' +
          'up to 10 MB with the form that uploadVia answers with',
      },
    },
  ],
  [ResponseType.THROTTLED, tooManyRequests],
  [ResponseType.QUOTA_EXCEEDED, tooManyRequests],
  // The gateway's errors for a missing method. The catch-all routes leave few cases, such as a path that it can't decode.
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
 * What API Gateway answers itself, in the API's error envelope as far as it lets us: `docs/spec/overview.md`, "What API Gateway answers itself", has what is
 * known and what is hoped. Nothing may rely on it for REQUEST_TOO_LARGE, which AWS's notes say can't be customized. It can't format dates, so `timestamp` is the request's time in epoch milliseconds
 *. Failed and timed-out integrations get the 5xx default.
 */
export function addGatewayResponses(api: RestApi): void {
  for (const [type, { statusCode, headers, ...error }] of ERRORS) {
    const envelope = { ver: '1.0', timestamp: '$context.requestTimeEpoch', txnid: '$context.requestId', ...error };
    api.addGatewayResponse(type.responseType, {
      type,
      ...(statusCode === undefined ? {} : { statusCode }),
      responseHeaders: { ...EVERY_RESPONSE, ...headers },
      templates: { 'application/json': JSON.stringify(envelope) },
    });
  }
}
