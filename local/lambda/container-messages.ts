/** One invocation, as a container gets it. */
export interface Invocation {
  readonly requestId: string;
  /** The event as JSON. */
  readonly event: string;
  readonly timeoutMilliseconds: number;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMegabytes: string;
}

/** An error as Lambda reports it to who invoked the function. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** What an invocation came to, as its container says. */
export interface ContainerAnswer {
  readonly result:
    | { readonly ok: true; readonly payload: string }
    | { readonly ok: false; readonly error: FunctionError };
  /** How long the handler ran. */
  readonly milliseconds: number;
  /** Whether the container was started for it. */
  readonly cold: boolean;
  /** When the handler was called, by `clock`. */
  readonly startedAt: number;
  /** The most memory that the container's process has had; 0 in a thread, whose own share nothing tells. */
  readonly peakMemoryBytes: number;
}

/** Epoch milliseconds in parts, the same in all threads and processes. */
export const clock = (): number => performance.timeOrigin + performance.now();

/** What a container tells while it runs. */
export type Notice = { readonly started: string } | { readonly printed: string };

export function describeError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}
