/** The version FinPro names in each answer. */
export const VERSION = '1.21.0';

/**
 * An answer before it is written. `processed` is false where the call was refused without having been looked at (401,
 * 429, 500 by `errorRate`, 503): such a call counts nowhere and cannot be lost or garbled afterwards.
 */
export type Answer = { status: number; body: object; processed: boolean };

/** 200 with the given body. */
export function success(body: object): Answer {
  return { status: 200, body, processed: true };
}

/** A processed call that FinPro declines: 400 with its error body. `now` is in epoch milliseconds. */
export function declined(errorCode: string, errorMsg: string, now: number): Answer {
  return { status: 400, body: errorBody(errorCode, errorMsg, now), processed: true };
}

/** Declined because the body is not as it should be; the message is framed as on FinPro's reference page. */
export function invalidRequest(problems: readonly string[], now: number): Answer {
  return declined('InvalidRequest', ` [ ${problems.join(', ')} ] `, now);
}

/** A call that was not looked at. */
export function unprocessed(status: number, errorCode: string, errorMsg: string, now: number): Answer {
  return { status, body: errorBody(errorCode, errorMsg, now), processed: false };
}

function errorBody(errorCode: string, errorMsg: string, now: number): object {
  return { ver: VERSION, timestamp: new Date(now).toISOString(), errorCode, errorMsg };
}
