import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordedCall } from '#local/call-record.ts';
import { type Environment, startEnvironment } from '#local/environment.ts';
import { driveEveryFlow } from './every-flow.ts';
import { covers, type Grant, grantsOf, isAllowed } from './grants.ts';
import { sharedAssembly } from './shared-assembly.ts';

/**
 * What AWS itself does with a role, which the local cloud has nothing of. Each entry must still be granted: one that is not has to go from
 * here as well. There is no other exception: what a function may do, a flow makes it do.
 */
const BY_AWS: readonly { readonly actions: RegExp; readonly why: string }[] = [
  {
    actions: /^xray:(PutTraceSegments|PutTelemetryRecords)$/,
    why: 'Lambda and Step Functions send their traces to X-Ray with the role; the local cloud traces nothing',
  },
  {
    actions: /^xray:GetSampling(Rules|Targets)$/,
    why: 'Step Functions asks X-Ray which executions to trace',
  },
  {
    actions: /^logs:(\w+LogDelivery|ListLogDeliveries|PutResourcePolicy|Describe(ResourcePolicies|LogGroups))$/,
    why: 'Step Functions sets up the delivery of its log with the role of the state machine when that is deployed',
  },
];

// The record has the calls of an event source mapping (sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes) as soon as there is
// one, for its function: Lambda's pollers make them with the function's role, before and after it runs. It has lambda:InvokeFunction
// likewise for every task of a state machine, every target of a rule and every integration of the API.

let environment: Environment;
let calls: readonly RecordedCall[];
let grants: readonly Grant[];

beforeAll(async () => {
  const assembly = await sharedAssembly();
  grants = grantsOf(assembly);
  environment = await startEnvironment({ assembly, timeScale: 0.02 });
  await driveEveryFlow(environment);
  // From outside come the test, and clients with a form that a function has signed: the record has those as the function's.
  calls = environment.cloud.record.read().filter(({ caller }) => caller !== 'outside');
});
afterAll(async () => {
  await environment?.close();
});

describe('when every flow has run', () => {
  test('each call was one that the policies allow', () => {
    const denied = calls.filter((call) => !isAllowed(grants, call));
    expect(denied.map(({ caller, action, resource }) => `${caller} may not ${action} on ${resource}`)).toEqual([]);
  });

  test('each grant was used, but for those that AWS itself uses', () => {
    const unused = grants
      .filter(({ effect, action }) => effect === 'Allow' && !BY_AWS.some(({ actions }) => actions.test(action)))
      .filter((grant) => !calls.some((call) => covers(grant, call)));
    expect(unused.map(({ holder, action, resource }) => `${holder} never needs ${action} on ${resource}`)).toEqual([]);
  });

  test.each(BY_AWS)('$actions is granted still', ({ actions }) => {
    expect(grants.some(({ action }) => actions.test(action))).toBe(true);
  });

  test('every function was called, and the record shows more than what is set up at the start', () => {
    const written = new Set(calls.filter(({ action }) => action === 'logs:PutLogEvents').map(({ caller }) => caller));
    const functions = new Set(
      grants.filter(({ action }) => action === 'logs:PutLogEvents').map(({ holder }) => holder),
    );
    expect(written).toEqual(functions);
  });
});
