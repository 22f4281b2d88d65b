import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { State } from '#local/state.ts';
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
/** Enough for far more than 10,000 consents in one call. */
const CONTROL_BYTES = 32 * 1024 * 1024;

/**
 * Longer than clients keep idle connections, so that the simulator never closes one just as a call goes out on it: that
 * would look like a lost answer.
 */
const KEEP_ALIVE_MILLISECONDS = 120_000;

/** How a simulator is started. */
export type SimulatorOptions = {
  /** 0 for a free one. */
  port: number;
  /** Multiplies readiness times and rate windows. */
  timeScale: number;
  /** The limit at the start and after `DELETE /_sim`; null for none. 1,000 calls per 60 s by default. */
  rateLimit?: RateLimit | null;
  /** Epoch milliseconds. */
  clock?: () => number;
  /** For random faults: the same seed and the same calls give the same run. */
  seed?: number;
  /** Where it keeps what it knows, so that a later one goes on from there. Whoever has opened it closes it. */
  state?: State | undefined;
};

/** A running simulator. `url` has no trailing slash; `close` stops listening and drops every connection. */
export type Simulator = { url: string; port: number; close(): Promise<void> };

/**
 * Starts a FinPro simulator on 127.0.0.1 (docs/spec/simulator.md): FinPro's three calls and the controlling interface
 * on one port. Rejects when the port is taken.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const simulation = new Simulation({
    timeScale: options.timeScale,
    rateLimit: options.rateLimit === undefined ? DEFAULT_RATE_LIMIT : options.rateLimit,
    clock: options.clock ?? Date.now,
    seed: options.seed ?? 1,
    state: options.state,
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
      const answer = answerControl(simulation, request.method ?? '', path, text);
      simulation.save();
      send(response, written(answer));
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
      const { clockOffsetSeconds } = simulation.faults;
      if (clockOffsetSeconds !== 0) {
        response.setHeader('Date', new Date(simulation.clock() + clockOffsetSeconds * 1000).toUTCString());
      }
      const delivery = deliverCall(simulation, path, request.headers, text);
      simulation.save();
      sendLater(simulation, response, delivery);
    } else {
      send(response, written(notFound(simulation.clock())));
    }
  });
}

/** Passes the body on, or answers 413 if it's too large. */
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
 * `down`: one port can't refuse connections and stay reachable for control, so connections are reset without an answer,
 * and nothing of the call but its path is read.
 */
function refuse(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

/** The call was processed on arrival; only the answer is delayed. A closed server doesn't wait for it. */
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
