import { z } from 'zod';
import type { StackResources } from '../template/resources.ts';

const responseSchema = z.object({
  RestApiId: z.string(),
  ResponseType: z.string(),
  StatusCode: z.coerce.number().optional(),
  ResponseTemplates: z.record(z.string(), z.string()).optional(),
  ResponseParameters: z.record(z.string(), z.string()).default({}),
});
type Customized = z.infer<typeof responseSchema>;

/** What API Gateway itself answers with, by its type: the usual status and message, and the type to fall back on. */
const TYPES = {
  BAD_REQUEST_BODY: { status: 400, message: 'Invalid request body' },
  MISSING_AUTHENTICATION_TOKEN: { status: 403, message: 'Missing Authentication Token' },
  REQUEST_TOO_LARGE: { status: 413, message: 'Request Too Long' },
  INTEGRATION_FAILURE: { status: 502, message: 'Internal server error' },
  INTEGRATION_TIMEOUT: { status: 504, message: 'Endpoint request timed out' },
} as const;

export type GatewayResponseType = keyof typeof TYPES;

/** The values of `$context` by their path, such as `requestId` or `identity.sourceIp`. */
export type GatewayContext = Readonly<Record<string, string>>;

export interface GatewayResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The `$context` variables that a gateway response may use here. */
const KNOWN = new Set(
  `apiId domainName error.message error.messageString error.responseType extendedRequestId httpMethod identity.sourceIp
  identity.userAgent path protocol requestId requestTime requestTimeEpoch resourceId resourcePath stage`.split(/\s+/),
);
const VARIABLE = /\$context\.([A-Za-z]+(?:\.[A-Za-z]+)*)/g;

/** The gateway responses of one REST API: the template's where it has them, otherwise API Gateway's own. */
export class GatewayResponses {
  readonly #customized: ReadonlyMap<string, Customized>;

  /** Throws when a response uses a `$context` variable that the local cloud cannot fill in. */
  constructor(resources: StackResources, apiId: string) {
    const customized = resources
      .ofType('AWS::ApiGateway::GatewayResponse', responseSchema)
      .filter(({ properties }) => properties.RestApiId === apiId);
    for (const { logicalId, properties } of customized) {
      for (const template of Object.values(properties.ResponseTemplates ?? {})) {
        for (const [, variable = ''] of template.matchAll(VARIABLE)) {
          if (!KNOWN.has(variable)) throw new Error(`${logicalId}: the local cloud does not know $context.${variable}`);
        }
      }
    }
    this.#customized = new Map(customized.map(({ properties }) => [properties.ResponseType, properties]));
  }

  /** The answer of a type, its template's variables filled in from the request's context. */
  render(type: GatewayResponseType, context: GatewayContext): GatewayResponse {
    const usual = TYPES[type];
    const fallback = this.#customized.get(usual.status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX');
    const response = this.#customized.get(type) ?? fallback;
    const values: GatewayContext = {
      ...context,
      'error.message': usual.message,
      'error.messageString': JSON.stringify(usual.message),
      'error.responseType': type,
    };
    const [contentType, template] = Object.entries(response?.ResponseTemplates ?? {})[0] ?? [
      'application/json',
      '{"message":$context.error.messageString}',
    ];
    return {
      status: response?.StatusCode ?? fallback?.StatusCode ?? usual.status,
      headers: {
        'content-type': contentType,
        'x-amzn-errortype': type,
        ...headersOf(response?.ResponseParameters ?? {}, values),
      },
      body: template.replaceAll(VARIABLE, (_, variable: string) => values[variable] ?? ''),
    };
  }
}

/** Headers are given as quoted text or as a `context.` variable; what comes from the request's own parameters is not known here. */
function headersOf(parameters: Readonly<Record<string, string>>, context: GatewayContext): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const header = name.replace(/^gatewayresponse\.header\./, '').toLowerCase();
      const quoted = /^'(.*)'$/.exec(value)?.[1];
      const variable = /^context\.(.+)$/.exec(value)?.[1];
      if (quoted === undefined && variable === undefined)
        throw new Error(`no value for the header ${header}: ${value}`);
      return [header, quoted ?? context[variable ?? ''] ?? ''];
    }),
  );
}
