import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { type AwsAnswer, AwsError, type AwsService, type HttpService } from './aws-call.ts';
import type { CallRecord } from './call-record.ts';
import { listen, stopServer } from './listening.ts';
import type { Meter } from './meter.ts';

/** The access key id under which a function calls, so that the front knows who it is. */
export const accessKeyIdOf = (logicalId: string): string => `local-${logicalId}`;

/** Who calls with an access key id: the logical id of a function, or `outside`. */
export const callerOf = (accessKeyId = ''): string =>
  accessKeyId.startsWith(accessKeyIdOf('')) ? accessKeyId.slice(accessKeyIdOf('').length) : 'outside';

const CREDENTIAL = /Credential=([^/]+)\//;
const inputSchema = z.record(z.string(), z.unknown());

/**
 * The one address that AWS SDKs are pointed at: finds the service by the `X-Amz-Target` header, counts and records the call,
 * and hands it on. Requests without that header go to the service that speaks plain HTTP. `/_local/meter` (GET, DELETE) and
 * `/_local/calls` (GET) are the front's own; no bucket can have such a name.
 */
export class AwsFront {
  readonly #meter: Meter;
  readonly #record: CallRecord;
  readonly #services = new Map<string, AwsService>();
  readonly #server: Server;
  #httpService: HttpService | undefined;

  constructor(meter: Meter, record: CallRecord) {
    this.#meter = meter;
    this.#record = record;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Starts listening on 127.0.0.1; port 0 takes a free one. Returns the base URL. */
  listen(port: number): Promise<string> {
    return listen(this.#server, port);
  }

  add(service: AwsService): void {
    this.#services.set(service.target, service);
  }

  /** Adds the one service that gets what no JSON service is called with. */
  addHttp(service: HttpService): void {
    this.#httpService = service;
  }

  close(): Promise<void> {
    return stopServer(this.#server);
  }

  /** A call from within the local cloud, made for `caller`: counted and recorded as if it had come over HTTP. */
  async call(
    service: AwsService,
    action: string,
    input: Readonly<Record<string, unknown>>,
    caller: string,
  ): Promise<AwsAnswer> {
    const call = { action, input, caller };
    this.#meter.call(service.name, action);
    try {
      for (const permission of service.permissions(call)) this.#record.add(caller, permission);
      return await service.answer(call);
    } catch (error) {
      if (error instanceof AwsError) {
        return { status: error.status, body: { __type: error.code, message: error.message, Message: error.message } };
      }
      throw error;
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: AwsAnswer;
    try {
      const isCall = request.headers['x-amz-target'] !== undefined || request.url?.startsWith('/_local/');
      if (this.#httpService !== undefined && !isCall) return await this.#httpService.serve(request, response);
      answer = await this.#answer(request);
    } catch (error) {
      answer = { status: 500, body: { __type: 'InternalFailure', message: String(error) } };
      console.error('local cloud:', error);
    }
    if (response.destroyed) return;
    response.writeHead(answer.status, {
      'content-type': request.headers['content-type'] ?? 'application/json',
      'x-amzn-requestid': randomUUID(),
      ...answer.headers,
    });
    response.end(JSON.stringify(answer.body));
  }

  async #answer(request: IncomingMessage): Promise<AwsAnswer> {
    const control = this.#control(request);
    if (control !== undefined) return control;
    const body = await buffer(request);
    const [target, action] = (request.headersDistinct['x-amz-target']?.[0] ?? '').split('.');
    const service = this.#services.get(target ?? '');
    if (service === undefined || action === undefined) {
      const message = `the local cloud has no ${request.method} ${request.url} ${target}`;
      return { status: 400, body: { __type: 'UnknownOperationException', message } };
    }
    return this.call(
      service,
      action,
      inputSchema.parse(body.length === 0 ? {} : JSON.parse(body.toString('utf8'))),
      callerOf(CREDENTIAL.exec(request.headers.authorization ?? '')?.[1]),
    );
  }

  #control(request: IncomingMessage): AwsAnswer | undefined {
    if (request.url === '/_local/calls' && request.method === 'GET') return { status: 200, body: this.#record.read() };
    if (request.url !== '/_local/meter') return undefined;
    const reading = this.#meter.read();
    if (request.method === 'DELETE') this.#meter.reset();
    return { status: 200, body: reading };
  }
}
