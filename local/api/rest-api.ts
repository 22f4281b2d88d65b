import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AwsError } from '../aws-call.ts';
import type { CallRecord } from '../call-record.ts';
import type { Invoker, Outcome } from '../lambda/lambda.ts';
import { listen, stopServer } from '../listening.ts';
import type { Meter } from '../meter.ts';
import { ACCOUNT } from '../template/names.ts';
import type { StackResources } from '../template/resources.ts';
import { type GatewayContext, GatewayResponses, type GatewayResponseType } from './gateway-responses.ts';
import { type HttpAnswer, readProxyAnswer } from './proxy-answer.ts';
import { type ApiIdentity, contextOf, type GatewayRequest, pathOf, proxyEvent } from './proxy-event.ts';
import { type Match, matchRoute, type Route, readRoutes } from './routes.ts';

/** API Gateway's limit for a body, which no account can raise. */
const BODY_BYTES = 10 * 1024 * 1024;

const restApiSchema = z.object({ BinaryMediaTypes: z.array(z.string()).default([]) });
const stageSchema = z.object({ StageName: z.string().default('local') });

/** The template's REST API, served at the root of 127.0.0.1 (on AWS its paths begin with the stage). */
export class RestApi {
  readonly #api: ApiIdentity;
  readonly #routes: readonly Route[];
  readonly #responses: GatewayResponses;
  readonly #lambda: Invoker;
  readonly #meter: Meter;
  readonly #server: Server;

  /** Throws when the template has not exactly one REST API, or one with more than the local cloud can do. */
  constructor(resources: StackResources, lambda: Invoker, meter: Meter, record: CallRecord) {
    const [api, ...others] = resources.ofType('AWS::ApiGateway::RestApi', restApiSchema);
    if (api === undefined || others.length > 0) throw new Error('the local cloud serves exactly one REST API');
    const [stage] = resources.ofType('AWS::ApiGateway::Stage', stageSchema);
    this.#api = {
      apiId: api.ref,
      stage: stage?.properties.StageName ?? 'local',
      accountId: ACCOUNT,
      binaryMediaTypes: api.properties.BinaryMediaTypes,
    };
    this.#routes = readRoutes(resources, api.ref, api.attributes['RootResourceId'] ?? '');
    for (const { functionArn } of this.#routes) {
      record.add('apigateway', { action: 'lambda:InvokeFunction', resource: functionArn });
    }
    this.#responses = new GatewayResponses(resources, api.ref);
    this.#lambda = lambda;
    this.#meter = meter;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        // A client that disconnects during its request isn't an error.
        if (!request.destroyed) console.error('local cloud:', error);
        response.destroy();
      });
    });
  }

  /** Starts listening on 127.0.0.1; port 0 takes a free one. Returns the base URL. */
  listen(port: number): Promise<string> {
    return listen(this.#server, port);
  }

  close(): Promise<void> {
    return stopServer(this.#server);
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#meter.call('apigateway', 'Invoke');
    this.#meter.add('apigateway.request', 1);
    const body = await readBody(incoming);
    const request: GatewayRequest = {
      method: incoming.method ?? 'GET',
      url: incoming.url ?? '/',
      rawHeaders: incoming.rawHeaders,
      body: body ?? Buffer.alloc(0),
      sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
    };
    const match = matchRoute(this.#routes, request.method, pathOf(request));
    const context = contextOf(this.#api, request, match, randomUUID(), new Date());
    const answer = await this.#answer(request, body !== undefined, match, context, incoming.headers.accept);
    if (response.destroyed) return;
    response.writeHead(answer.status, {
      ...Object.fromEntries(Object.entries(answer.headers).map(([name, values]) => [name, [...values]])),
      'x-amzn-requestid': context['requestId'],
      'x-amz-apigw-id': context['extendedRequestId'],
      'content-length': answer.body.length,
    });
    response.end(answer.body);
  }

  async #answer(
    request: GatewayRequest,
    withinLimit: boolean,
    match: Match | undefined,
    context: GatewayContext,
    accept: string | undefined,
  ): Promise<HttpAnswer> {
    if (match === undefined) return this.#gateway('MISSING_AUTHENTICATION_TOKEN', context);
    if (!withinLimit) return this.#gateway('REQUEST_TOO_LARGE', context);
    const event = JSON.stringify(proxyEvent(this.#api, request, match, context));
    const outcome = await this.#invoke(match.route, event);
    if (typeof outcome === 'string') return this.#gateway(outcome, context);
    if (!outcome.ok) return this.#gateway('INTEGRATION_FAILURE', context);
    const answer = readProxyAnswer(outcome.payload, accept, this.#api.binaryMediaTypes);
    return answer ?? this.#gateway('INTEGRATION_FAILURE', context);
  }

  /** What the function answered, or the gateway response that stands for there being no answer. */
  async #invoke(route: Route, event: string): Promise<Outcome | GatewayResponseType> {
    const cancel = new AbortController();
    try {
      const timedOut = delay(route.timeoutMilliseconds, 'INTEGRATION_TIMEOUT' as const, { signal: cancel.signal });
      timedOut.catch(() => {});
      return await Promise.race([this.#lambda.invoke(route.functionArn, event), timedOut]);
    } catch (error) {
      const tooLarge = error instanceof AwsError && error.code === 'RequestTooLargeException';
      return tooLarge ? 'REQUEST_TOO_LARGE' : 'INTEGRATION_FAILURE';
    } finally {
      cancel.abort();
    }
  }

  #gateway(type: GatewayResponseType, context: GatewayContext): HttpAnswer {
    const { status, headers, body } = this.#responses.render(type, context);
    return {
      status,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      body: Buffer.from(body),
    };
  }
}

/** The body, or undefined when it is larger than API Gateway takes. It is read to its end in any case, so that the client gets the answer. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= BODY_BYTES ? Buffer.concat(chunks) : undefined;
}
