import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';

/**
 * The fields that a log line may have beside its message: names of things, counts and codes, which tell what happened to what. Any other is left
 * out, so that a body, a header or an answer of the upstream cannot get into the logs by being passed along.
 */
const FIELDS: ReadonlySet<string> = new Set([
  'batchId',
  'chunk',
  'clientId',
  'error',
  'errorCode',
  'generation',
  'kind',
  'messageId',
  'organisationId',
  'referenceId',
  'sessionId',
  'status',
  'txnid',
]);

/** An error's text is for people, and long enough for what AWS and Node say. */
const LONGEST_TEXT = 500;
/** A cause has a cause of its own; more than this tells nothing new. */
const DEEPEST_CAUSE = 3;

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** V8 quotes the text that `JSON.parse` stumbled over, which may be anything. */
const withoutQuote = (text: string): string =>
  text.replace(/(\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, 'not valid JSON');

/** Log lines with the fields above. Of an error only name, text and frames: AWS's errors carry whole answers and items about with them. */
export class LogLine extends LogFormatter {
  override formatAttributes(
    { logLevel, message, timestamp, xRayTraceId, lambdaContext }: UnformattedAttributes,
    fields: LogAttributes,
  ): LogItem {
    const allowed = Object.entries(fields)
      .filter(([name]) => FIELDS.has(name))
      .map(([name, value]): [string, unknown] => [name, this.#shown(value)]);
    return new LogItem({
      attributes: {
        level: logLevel,
        message,
        timestamp: this.formatTimestamp(timestamp),
        function: lambdaContext?.functionName,
        requestId: lambdaContext?.awsRequestId,
        traceId: xRayTraceId,
        ...Object.fromEntries(allowed),
      },
    });
  }

  override formatError(error: Error): LogAttributes {
    return this.#described(error, 0);
  }

  #shown(value: unknown): unknown {
    if (value instanceof Error) return this.formatError(value);
    if (typeof value === 'string') return withoutQuote(value).slice(0, LONGEST_TEXT);
    return isScalar(value) ? value : undefined;
  }

  #described({ name, message, stack, cause }: Error, depth: number): LogAttributes {
    return {
      name,
      message: withoutQuote(message).slice(0, LONGEST_TEXT),
      // The lines before the frames repeat the message.
      stack: stack
        ?.split('\n')
        .filter((line) => /^\s+at /.test(line))
        .join('\n'),
      cause: cause instanceof Error && depth < DEEPEST_CAUSE ? this.#described(cause, depth + 1) : undefined,
    };
  }
}
