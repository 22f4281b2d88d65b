import { z } from 'zod';

/** One invocation, as a container gets it. */
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

const functionError = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  trace: z.array(z.string()).exactOptional(),
});

/** An error as Lambda reports it to who invoked the function. */
export type FunctionError = Readonly<z.output<typeof functionError>>;

/** The most memory that the container's process has had; 0 where the container is a thread, whose own share nothing tells. */
const peakMemoryBytes = z.number();

/**
 * What a container sends back: once when the bundle is loaded, then once for each invocation. With a crash it is of no use any more: its
 * bundle could not be loaded, or threw outside of its handler.
 */
export const containerMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('crash'), error: functionError }),
  z.object({ kind: z.literal('result'), payload: z.string(), peakMemoryBytes }),
  z.object({ kind: z.literal('error'), error: functionError, peakMemoryBytes }),
]);

export type ContainerMessage = z.output<typeof containerMessage>;
