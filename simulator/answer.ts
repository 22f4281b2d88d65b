/** `ver` in FinPro's answers. */
export const VERSION = '1.21.0';

/**
 * An answer before it's sent. `processed` is false for a call that was refused unseen (401, 429, 500 by `errorRate`,
 * 503): it isn't counted, and its answer can't be lost or garbled.
 */
export type Answer = { status: number; body: object; processed: boolean };

/** 200 with the given body. */
export function success(body: object): Answer {
  return { status: 200, body, processed: true };
}

/** A processed call that FinPro declines: 400 with its error body. `now` is epoch milliseconds. */
export function declined(errorCode: string, errorMsg: string, now: number): Answer {
  return { status: 400, body: errorBody(errorCode, errorMsg, now), processed: true };
}

/** Declined because of an invalid body. The message has the form of FinPro's reference page. */
export function invalidRequest(problems: readonly string[], now: number): Answer {
  return declined('InvalidRequest', ` [ ${problems.join(', ')} ] `, now);
}

/** A call that was refused unseen. */
export function unprocessed(status: number, errorCode: string, errorMsg: string, now: number): Answer {
  return { status, body: errorBody(errorCode, errorMsg, now), processed: false };
}

function errorBody(errorCode: string, errorMsg: string, now: number): object {
  return { ver: VERSION, timestamp: new Date(now).toISOString(), errorCode, errorMsg };
}
