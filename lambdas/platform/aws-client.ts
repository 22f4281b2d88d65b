/** Milliseconds to connect to AWS, and to get the beginning of an answer. */
export interface AwsTimeouts {
  readonly connection: number;
  readonly request: number;
}

const TIMEOUTS: AwsTimeouts = { connection: 1_000, request: 3_000 };

/**
 * The options of every AWS client. The SDK itself waits for ever: a connection that hangs would hold an invocation until
 * it's killed. All five attempts fit into the shortest time-out of a function. A request that was given up may still
 * arrive, so whatever is written has to bear that (`IS_OWN_WRITE`).
 * @param maxAttempts 1 for a client whose writes must not happen twice
 */
export const awsClientOptions = (maxAttempts = 5, { connection, request }: AwsTimeouts = TIMEOUTS) => ({
  maxAttempts,
  requestHandler: {
    connectionTimeout: connection,
    requestTimeout: request,
    // Without this the SDK only warns.
    throwOnRequestTimeout: true,
    // An answer that stops in the middle.
    socketTimeout: request,
  },
});
