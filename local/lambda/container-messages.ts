/** What a container's thread is started with. */
export interface ContainerStart {
  /** The URL of the bundle's file. */
  readonly bundle: string;
  readonly exportName: string;
  readonly sourceMaps: boolean;
}

/** One invocation, as the thread gets it. */
export interface InvocationMessage {
  readonly requestId: string;
  /** The event as JSON. */
  readonly event: string;
  /** When the function times out, in epoch milliseconds. */
  readonly deadline: number;
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

/** What the thread sends back: once when the bundle is loaded, then once for each invocation. */
export type ContainerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-error'; readonly error: FunctionError }
  | { readonly kind: 'result'; readonly payload: string; readonly memoryBytes: number }
  | { readonly kind: 'error'; readonly error: FunctionError; readonly memoryBytes: number };
