import { z } from 'zod';
import { type Answer, declined, success, unprocessed } from './answer.ts';
import { faultsSchema, mergedFaults } from './faults.ts';
import { isGuid } from './guid.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Simulation } from './simulation.ts';

const guid = z.string().refine(isGuid, 'must be a GUID');

/** The body of `PUT /_sim/consents`: each entry replaces what was set for its consent. */
const consentsSchema = z.strictObject({
  consents: z.array(
    z.strictObject({
      consentId: guid,
      scenario: z.enum(SCENARIOS),
      readyAfterSeconds: z.number().min(0).optional(),
      accounts: z.int().min(0).max(100).optional(),
    }),
  ),
});

const CONSENT_PATH = /^\/_sim\/consents\/([^/]+)$/;

/** The controlling interface (docs/spec/simulator.md, "The controlling interface"). */
export function answerControl(simulation: Simulation, method: string, path: string, text: string): Answer {
  const now = simulation.clock();
  if (method === 'PUT' && path === '/_sim/consents') {
    return withBody(consentsSchema, text, now, ({ consents }) => {
      for (const { consentId, ...settings } of consents) {
        simulation.consents.configure(consentId, settings);
      }
      return { consents: consents.length };
    });
  }
  if (method === 'PUT' && path === '/_sim/faults') {
    return withBody(faultsSchema, text, now, (change) => {
      simulation.faults = mergedFaults(simulation.faults, change);
      return simulation.faults;
    });
  }
  if (method === 'GET' && path === '/_sim/consents') {
    const consents = [...simulation.consents.records()].map(([consentId, { sessions, ...calls }]) => {
      return { consentId, ...calls, sessions: sessions.length };
    });
    return success({ consents });
  }
  if (method === 'GET' && path === '/_sim/stats') {
    return success({ ...simulation.counts, windowsOverLimit: simulation.windows.overLimit.length });
  }
  if (method === 'DELETE' && path === '/_sim') {
    simulation.reset();
    return success({});
  }
  const consentId = CONSENT_PATH.exec(path)?.[1];
  return method === 'GET' && consentId !== undefined ? consentReport(simulation, consentId, now) : notFound(now);
}

/** 404 for an unknown path or method. */
export function notFound(now: number): Answer {
  return unprocessed(404, 'NotFound', 'No such path and method', now);
}

function consentReport(simulation: Simulation, consentId: string, now: number): Answer {
  if (!isGuid(consentId)) {
    return declined('InvalidRequest', 'consentId: must be a GUID', now);
  }
  const record = simulation.consents.recordIfAny(consentId);
  return success({
    fiRequests: record?.fiRequests ?? 0,
    statusCalls: record?.statusCalls ?? 0,
    balanceCalls: record?.balanceCalls ?? 0,
    sessions: (record?.sessions ?? []).map(({ sessionId, fiDataRangeFrom, fiDataRangeTo }) => ({
      sessionId,
      fiDataRangeFrom,
      fiDataRangeTo,
    })),
  });
}

function withBody<Body>(schema: z.ZodType<Body>, text: string, now: number, apply: (body: Body) => object): Answer {
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) {
    return success(apply(parsed.data));
  }
  const [issue] = parsed.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'body' : z.core.toDotPath(issue.path);
  return declined('InvalidRequest', `${field}: ${issue?.message ?? 'invalid'}`, now);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
