import type { FunctionError, InvocationMessage } from './container-messages.ts';
import type { FunctionModel } from './function-models.ts';

/** What a container's code runs in: a thread or a process of its own, with nothing but one function in it. */
export interface Sandbox {
  /** Hands it an invocation. One that is gone does nothing with it. */
  post(message: InvocationMessage): void;
  /** Ends it in the middle of whatever it does. Resolves when it is gone. */
  end(): Promise<void>;
}

/** What a sandbox tells while it lives. */
export interface SandboxListener {
  /** Whatever its code prints. */
  print(text: Buffer): void;
  /** A `ContainerMessage`, as it came. */
  receive(message: unknown): void;
  /** It is gone, and why; also after `end`. */
  gone(error: FunctionError): void;
}

/** Starts a sandbox that loads a function's bundle at once. */
export type StartSandbox = (model: FunctionModel, listener: SandboxListener) => Sandbox;

export const OUT_OF_MEMORY: FunctionError = {
  errorType: 'Runtime.OutOfMemory',
  errorMessage: 'Runtime exited with error: signal: killed',
};

/** The error of a function whose runtime ended by itself, or was ended. */
export const exitError = (how: string): FunctionError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `Runtime exited with error: ${how}`,
});
