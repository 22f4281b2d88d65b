import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { listen, stopServer } from '#local/listening.ts';

/** A DynamoDB endpoint that hands everything on to another and remembers what was asked for. */
export interface RecordedTable {
  readonly endpoint: string;
  /** Like `GetItem CLIENT#a`: the action and the partition, where the call names one. */
  readonly calls: string[];
  close(): Promise<void>;
}

const call = z.object({ Key: z.object({ pk: z.object({ S: z.string() }) }).optional() });

export async function recordedTable(endpoint: string): Promise<RecordedTable> {
  const calls: string[] = [];
  const front = createServer(async (request, response) => {
    const body = await text(request);
    const action = String(request.headers['x-amz-target']).split('.')[1];
    calls.push(`${action} ${call.parse(JSON.parse(body)).Key?.pk.S ?? ''}`.trim());
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      /^(x-amz-|authorization$|content-type$)/.test(name) ? [[name, String(value)]] : [],
    );
    const answer = await fetch(endpoint, { method: 'POST', headers, body });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(await answer.text());
  });
  return { endpoint: await listen(front, 0), calls, close: () => stopServer(front) };
}
