import { mkdirSync } from 'node:fs';
import { Agent, request, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import dynalite from 'dynalite';
import type { AwsAnswer } from '../aws-call.ts';
import { listen, stopServer } from '../listening.ts';

/** dynalite only checks that a call has a signature, not that it is right. */
const SIGNED = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20200101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  'x-amz-date': '20200101T000000Z',
};

/** dynalite, behind the front: nobody else talks to it. Keeps its data in `folder`, or in memory without one. */
export class DynamoEngine {
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  /** Calls that dynalite has not answered yet. It throws, at nobody, when its store is closed under one. */
  readonly #underWay = new Set<Promise<AwsAnswer>>();
  #url = '';

  constructor(folder: string | undefined) {
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
    this.#server = dynalite({
      ...(folder === undefined ? {} : { path: folder }),
      createTableMs: 0,
      deleteTableMs: 0,
      updateTableMs: 0,
    });
  }

  async start(): Promise<void> {
    this.#url = await listen(this.#server, 0);
  }

  /** Sends one call; the answer may be an error of DynamoDB's. */
  send(action: string, input: Readonly<Record<string, unknown>>): Promise<AwsAnswer> {
    const answer = this.#send(action, input);
    this.#underWay.add(answer);
    const done = () => this.#underWay.delete(answer);
    answer.then(done, done);
    return answer;
  }

  #send(action: string, input: Readonly<Record<string, unknown>>): Promise<AwsAnswer> {
    return new Promise((resolve, reject) => {
      const body = Buffer.from(JSON.stringify(input));
      const sent = request(this.#url, {
        method: 'POST',
        agent: this.#agent,
        headers: {
          ...SIGNED,
          'content-type': 'application/x-amz-json-1.0',
          'content-length': body.length,
          'x-amz-target': `DynamoDB_20120810.${action}`,
        },
      });
      sent.once('error', reject);
      sent.once('response', (response) => {
        json(response).then((answer) => resolve({ status: response.statusCode ?? 500, body: answer }), reject);
      });
      sent.end(body);
    });
  }

  /** Stops, with the data written and the folder free for the next start. */
  async close(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    this.#agent.destroy();
    await stopServer(this.#server);
  }
}
