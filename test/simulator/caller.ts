import { z } from 'zod';

/** What came back from the simulator; `body` is undefined where the text is not JSON. */
export type Reply = { status: number; headers: Headers; text: string; body: unknown };

const opened = z.object({ data: z.object({ sessionId: z.string() }) });

/** A client of a simulator: FinPro's calls with the headers of one upstream client, and the controlling interface. */
export class Caller {
  readonly url: string;
  readonly headers: Record<string, string>;

  constructor(url: string, clientId = 'client-one') {
    this.url = url;
    this.headers = { client_id: clientId, client_secret: 'secret', organisationId: 'org', appIdentifier: 'app' };
  }

  request(body: unknown, headers?: Record<string, string>): Promise<Reply> {
    return this.post('/fi/request', body, headers);
  }

  status(body: unknown): Promise<Reply> {
    return this.post('/consent/firequest/status', body);
  }

  balance(body: unknown): Promise<Reply> {
    return this.post('/getfibalance', body);
  }

  post(path: string, body: unknown, headers: Record<string, string> = this.headers): Promise<Reply> {
    return this.#send('POST', path, typeof body === 'string' ? body : JSON.stringify(body), {
      ...headers,
      'content-type': 'application/json',
    });
  }

  control(method: string, path: string, body?: unknown): Promise<Reply> {
    return this.#send(method, path, body === undefined ? undefined : JSON.stringify(body), {});
  }

  /** Sets faults, without latency unless it is asked for, and fails where the simulator refuses them. */
  async faults(change: object): Promise<void> {
    await this.#set('/_sim/faults', { latencyMs: [0, 0], ...change });
  }

  /** Sets one consent. */
  async consent(consentId: string, settings: object): Promise<void> {
    await this.#set('/_sim/consents', { consents: [{ consentId, ...settings }] });
  }

  /** Opens a session and gives its id. */
  async open(consentId: string): Promise<string> {
    return opened.parse((await this.request({ consentId })).body).data.sessionId;
  }

  async #set(path: string, body: object): Promise<void> {
    const reply = await this.control('PUT', path, body);
    if (reply.status !== 200) {
      throw new Error(reply.text);
    }
  }

  async #send(method: string, path: string, body: string | undefined, headers: Record<string, string>): Promise<Reply> {
    const response = await fetch(`${this.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: jsonOrUndefined(text) };
  }
}

/** The `number`th consent id of a test. */
export function consentNumber(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
