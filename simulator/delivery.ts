import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';

/** What the client gets: a response, or a connection that ends without one. */
export type Delivery = Response | 'cut';

export type Response = { status: number; payload: string; contentType: string; headers: Record<string, string> };

/** An answer as JSON. */
export function written(answer: Answer, headers: Record<string, string> = {}): Response {
  return { status: answer.status, payload: JSON.stringify(answer.body), contentType: 'application/json', headers };
}

/** Sends a delivery. Does nothing if the client has gone away. */
export function send(response: ServerResponse, delivery: Delivery): void {
  if (delivery === 'cut') {
    response.destroy();
    return;
  }
  const { status, payload, contentType, headers } = delivery;
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(payload),
    ...headers,
  });
  response.end(payload);
}
