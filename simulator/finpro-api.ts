import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, invalidRequest, unprocessed } from './answer.ts';
import { type CallBody, parseCallBody } from './call-body.ts';
import { type Delivery, written } from './delivery.ts';
import { garbage, gatewayAnswer } from './faults.ts';
import { answerFiBalance } from './fi-balance.ts';
import { answerFiRequest } from './fi-request.ts';
import { answerFiRequestStatus } from './fi-request-status.ts';
import { type Counted, type Endpoint, rateLimitHeaders } from './rate-window.ts';
import type { Simulation } from './simulation.ts';

type Call = (simulation: Simulation, clientId: string, body: CallBody, now: number) => Answer;
type Path = '/fi/request' | '/consent/firequest/status' | '/getfibalance';

const CALLS: Record<Path, { answer: Call; endpoint: Endpoint; count: 'fiRequests' | 'statusCalls' | 'balanceCalls' }> =
  {
    '/fi/request': { answer: answerFiRequest, endpoint: 'request', count: 'fiRequests' },
    '/consent/firequest/status': { answer: answerFiRequestStatus, endpoint: 'status', count: 'statusCalls' },
    '/getfibalance': { answer: answerFiBalance, endpoint: 'balance', count: 'balanceCalls' },
  };

/** Whether a path is one of FinPro's three calls. */
export function isFinProPath(path: string): path is Path {
  return Object.hasOwn(CALLS, path);
}

/**
 * One call of FinPro's API, in the order of docs/spec/simulator.md, "Faults". The answer to a processed call may still
 * be lost (`ambiguousRate`), garbled (`garbageRate`) or a gateway's (`gatewayRate`).
 */
export function deliverCall(simulation: Simulation, path: Path, headers: IncomingHttpHeaders, text: string): Delivery {
  const now = simulation.clock();
  const gateway = happens(simulation, simulation.faults.gatewayRate)
    ? { answer: gatewayAnswer(simulation.random()), before: simulation.random() < 1 / 2 }
    : undefined;
  if (gateway?.before) return gateway.answer;
  const { client_id: clientId } = headers;
  const missing = missingHeader(headers);
  if (typeof clientId !== 'string' || missing !== undefined) {
    return written(unprocessed(401, 'Unauthorized', `${missing} is missing`, now));
  }
  const counted = simulation.windows.count(clientId, CALLS[path].endpoint, now);
  const limits = headersOf(simulation, counted);
  const refusal = refusalBefore(simulation, counted?.allowed ?? true, now);
  if (refusal !== undefined) {
    return written(refusal, limits);
  }
  const answer = process(simulation, path, clientId, text, now);
  if (!answer.processed) {
    return written(answer, limits);
  }
  if (gateway) return gateway.answer;
  const { ambiguousRate, garbageRate } = simulation.faults;
  if (happens(simulation, ambiguousRate)) {
    return 'cut';
  }
  const delivery = written(answer, limits);
  return happens(simulation, garbageRate)
    ? { ...delivery, status: 200, ...garbage(delivery.payload, simulation.random()) }
    : delivery;
}

/** FinPro's clock is the one that its headers follow. */
function headersOf({ faults, random }: Simulation, counted: Counted | null): Record<string, string> {
  const ratio = faults.rateLimit?.headersRatio ?? 1;
  if (counted === null || (ratio < 1 && random() >= ratio)) return {};
  return rateLimitHeaders({ ...counted, resetAt: counted.resetAt + faults.clockOffsetSeconds * 1000 });
}

function refusalBefore(simulation: Simulation, allowed: boolean, now: number): Answer | undefined {
  if (simulation.faults.unauthorized) {
    return unprocessed(401, 'Unauthorized', 'The credentials are not valid', now);
  }
  if (!allowed) {
    simulation.count('rejected429');
    return unprocessed(429, 'TooManyRequests', 'The rate limit is exceeded', now);
  }
  return happens(simulation, simulation.faults.errorRate)
    ? unprocessed(500, 'InternalServerError', 'Something went wrong', now)
    : undefined;
}

function process(simulation: Simulation, path: Path, clientId: string, text: string, now: number): Answer {
  const call = CALLS[path];
  const body = parseCallBody(text);
  if (body === undefined) {
    simulation.count(call.count);
    return invalidRequest(['the body must be a JSON object'], now);
  }
  return call.answer(simulation, clientId, body, now);
}

function missingHeader(headers: IncomingHttpHeaders): string | undefined {
  const { client_id, client_secret, organisationid, appidentifier } = headers;
  if (!client_id) return 'client_id';
  if (!client_secret) return 'client_secret';
  if (!organisationid) return 'organisationId';
  return appidentifier ? undefined : 'appIdentifier';
}

/** Draws only if the rate isn't 0, so that runs without faults don't change the sequence. */
function happens(simulation: Simulation, rate: number): boolean {
  return rate > 0 && simulation.random() < rate;
}
