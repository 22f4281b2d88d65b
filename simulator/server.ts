import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { unprocessed } from './answer.ts';
import { answerControl, notFound } from './control-api.ts';
import { type Delivery, send, written } from './delivery.ts';
import { DEFAULT_RATE_LIMIT, latencyOf } from './faults.ts';
import { deliverCall, isFinProPath } from './finpro-api.ts';
import type { RateLimit } from './rate-window.ts';
import { readBody } from './request-body.ts';
import { Simulation } from './simulation.ts';

const HOST = '127.0.0.1';
const CALL_BYTES = 64 * 1024;
/** Room for far more than the 10,000 consents that one call must take. */
const CONTROL_BYTES = 32 * 1024 * 1024;

/**
 * Idle connections are kept longer than clients keep them, so that it is never the simulator that closes one just as a
 * call goes out on it: that would look like a lost answer.
 */
const KEEP_ALIVE_MILLISECONDS = 120_000;

/** How a simulator is started. */
export type SimulatorOptions = {
  /** 0 for a free one. */
  port: number;
  /** What readiness times and rate windows are multiplied by. */
  timeScale: number;
  /** The limit at the start and after `DELETE /_sim`; null for none, and 1,000 calls per 60 s unless given. */
  rateLimit?: RateLimit | null;
  /** Epoch milliseconds. */
  clock?: () => number;
  /** Of the chance in faults: the same seed and the same calls give the same run. */
  seed?: number;
};

/** A running simulator; `url` has no slash at its end, `close` stops listening and drops every connection. */
export type Simulator = { url: string; port: number; close(): Promise<void> };

/**
 * Starts a FinPro simulator on 127.0.0.1: the three calls of `upstream.md` and the controlling interface of
 * `interface.md`, on one port, all in memory. Rejects when the port is taken.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const simulation = new Simulation({
    timeScale: options.timeScale,
    rateLimit: options.rateLimit === undefined ? DEFAULT_RATE_LIMIT : options.rateLimit,
    clock: options.clock ?? Date.now,
    seed: options.seed ?? 1,
  });
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MILLISECONDS });
  server.on('request', (request, response) => route(simulation, request, response));
  server.listen(options.port, HOST);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://${HOST}:${port}`, port, close: () => close(server) };
}

function route(simulation: Simulation, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path === '/_sim' || path.startsWith('/_sim/')) {
    receive(simulation, request, response, CONTROL_BYTES, (text) => {
      send(response, written(answerControl(simulation, request.method ?? '', path, text)));
    });
    return;
  }
  if (simulation.faults.down) {
    refuse(request);
    return;
  }
  receive(simulation, request, response, CALL_BYTES, (text) => {
    if (simulation.faults.down) {
      refuse(request);
    } else if (request.method === 'POST' && isFinProPath(path)) {
      sendLater(simulation, response, deliverCall(simulation, path, request.headers, text));
    } else {
      send(response, written(notFound(simulation.clock())));
    }
  });
}

/** Hands on the body, or answers 413 where it is longer than anything that is meant. */
function receive(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  maximumBytes: number,
  done: (text: string) => void,
): void {
  readBody(request, maximumBytes, (text) => {
    if (text === undefined) {
      const answer = unprocessed(413, 'PayloadTooLarge', 'The body is too large', simulation.clock());
      send(response, written(answer, { Connection: 'close' }));
    } else {
      done(text);
    }
  });
}

/**
 * `down`: one port cannot refuse connections and stay reachable for control, so this is as near as it gets. The
 * connection, kept or new, is reset without a byte of answer, and nothing of the call but its path was looked at.
 */
function refuse(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

/** The call took place when it arrived; only its answer takes its time. A closed server does not wait for it. */
function sendLater(simulation: Simulation, response: ServerResponse, delivery: Delivery): void {
  const milliseconds = latencyOf(simulation.faults, simulation.random);
  if (milliseconds > 0) {
    setTimeout(() => send(response, delivery), milliseconds).unref();
  } else {
    send(response, delivery);
  }
}

async function close(server: Server): Promise<void> {
  if (!server.listening) {
    return;
  }
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
