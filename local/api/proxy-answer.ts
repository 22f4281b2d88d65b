import { z } from 'zod';
import { isBinary } from './proxy-event.ts';

const headerValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const answerSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), headerValue).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(headerValue)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** The HTTP answer that a function's result stands for. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Buffer;
}

/** Headers that API Gateway keeps for itself and shows under another name. */
const REMAPPED = new Set(['connection', 'content-length', 'date', 'server', 'trailer', 'www-authenticate']);

/**
 * Reads the result (JSON) of a proxy integration; undefined where it has not the form that API Gateway asks for, which there is a 502.
 * A base64 body is decoded when the client accepts one of the API's binary types.
 */
export function readProxyAnswer(
  payload: string,
  accept: string | undefined,
  binaryMediaTypes: readonly string[],
): HttpAnswer | undefined {
  const parsed = answerSchema.safeParse(JSON.parse(payload));
  if (!parsed.success) return undefined;
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = parsed.data;
  const all: Record<string, string[]> = { 'content-type': ['application/json'] };
  const singles = Object.entries(headers ?? {}).map(([name, value]): [string, string[]] => [name, [value]]);
  for (const [name, values] of [...singles, ...Object.entries(multiValueHeaders ?? {})]) {
    const lower = name.toLowerCase();
    all[REMAPPED.has(lower) ? `x-amzn-remapped-${lower}` : lower] = values;
  }
  const contentType = all['content-type']?.[0];
  const accepted = accept?.split(',')[0];
  const decode = isBase64Encoded === true && [accepted, contentType].some((type) => isBinary(type, binaryMediaTypes));
  return { status: statusCode, headers: all, body: Buffer.from(body ?? '', decode ? 'base64' : 'utf8') };
}
