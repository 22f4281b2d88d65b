import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';

/** One AWS API call of the JSON protocols, as a service of the local cloud gets it. */
export interface AwsCall {
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The logical id of the function or state machine that calls, or `outside`. */
  readonly caller: string;
}

/** The HTTP answer to a call; `body` is JSON. */
export interface AwsAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a caller's role must allow for a call to succeed on AWS, such as `sqs:SendMessage` on a queue's ARN. */
export interface NeededPermission {
  readonly action: string;
  readonly resource: string;
  /** Of a table: the key's beginning, up to the first `#`. */
  readonly partition?: string;
}

/** A service that the front hands calls to. */
export interface AwsService {
  /** Its name in endpoints and IAM actions, such as `sqs`. */
  readonly name: string;
  /** The first part of the `X-Amz-Target` header, such as `AmazonSQS`. */
  readonly target: string;
  answer(call: AwsCall): Promise<AwsAnswer>;
  permissions(call: AwsCall): readonly NeededPermission[];
}

/** A service that speaks plain HTTP instead of JSON calls with a target: S3. It counts and records its calls itself. */
export interface HttpService {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** An error that a service answers with, by its name in the service's API. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Reads the input of a call. Throws an `AwsError` of this code when it isn't valid. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown, code: string): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new AwsError(code, z.prettifyError(parsed.error));
  return parsed.data;
}

/** Times in the JSON protocol are epoch seconds. */
export const seconds = (milliseconds: number): number => milliseconds / 1000;
