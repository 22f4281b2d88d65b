import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rendered, type Synthesized, synthesized } from './synthesized.ts';

const some = z.union([z.array(z.unknown()), z.unknown().transform((one) => [one])]);
/** The one condition that a role has: on which partitions of the table. */
const leadingKeys = z
  .strictObject({ 'ForAllValues:StringLike': z.strictObject({ 'dynamodb:LeadingKeys': some }) })
  .transform((condition) => condition['ForAllValues:StringLike']['dynamodb:LeadingKeys']);
const documentSchema = z.object({
  Statement: z.array(
    z.object({ Effect: z.literal('Allow'), Action: some, Resource: some, Condition: leadingKeys.optional() }),
  ),
});
const inlineSchema = z.array(z.object({ PolicyDocument: documentSchema })).default([]);
const attachedSchema = z.object({ Roles: z.array(z.object({ Ref: z.string() })), PolicyDocument: documentSchema });

/** Every permission of a role, as `action resource`, and for the table `of partition`. */
function permissionsOf(stack: Synthesized, role: string): string[] {
  const inline = stack
    .all('AWS::IAM::Role')
    .filter(({ logicalId }) => logicalId === role)
    .flatMap(({ properties }) => inlineSchema.parse(properties['Policies']));
  const attached = stack
    .all('AWS::IAM::Policy')
    .map(({ properties }) => attachedSchema.parse(properties))
    .filter(({ Roles }) => Roles.some(({ Ref }) => Ref === role));
  return [...inline, ...attached]
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Action, Resource, Condition = [''] }) =>
      Action.flatMap((action) =>
        Resource.flatMap((resource) =>
          Condition.map((keys) => `${rendered(action)} ${rendered(resource)}${keys && ` of ${rendered(keys)}`}`),
        ),
      ),
    )
    .sort();
}

const stack = synthesized();
const roles = stack.all('AWS::IAM::Role').map(({ logicalId }) => logicalId);
const roleOf = (name: string): string =>
  /^<(.+)\.Arn>$/.exec(rendered(stack.function(name).properties['Role']))?.[1] ?? '';

/** The only actions that are allowed on `*`: AWS knows no permissions on single resources for these. */
const ON_EVERYTHING =
  /^(xray:(Put(TraceSegments|TelemetryRecords)|GetSampling(Rules|Targets))|logs:((Create|Get|Update|Delete)LogDelivery|ListLogDeliveries|PutResourcePolicy|Describe(ResourcePolicies|LogGroups)))$/;

test.each(roles)('%s allows no wildcard', (role) => {
  for (const permission of permissionsOf(stack, role)) {
    const [action = '', resource = ''] = permission.split(' ');
    expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
    if (resource === '*') expect(action).toMatch(ON_EVERYTHING);
    // One secret an organisation: the stack does not know which there are.
    else if (action === 'secretsmanager:GetSecretValue') expect(resource).toMatch(/:secret:[^*]+\/\*$/);
    // Objects of one folder.
    else if (action.startsWith('s3:')) expect(resource).toMatch(/^<FileStore\w+\.Arn>\/[a-z-]+\/\*$/);
    else expect(resource).not.toContain('*');
  }
});

test('no role takes a policy that AWS manages, and nobody but the services may take a role', () => {
  for (const { properties } of stack.all('AWS::IAM::Role')) {
    expect(properties['ManagedPolicyArns']).toBeUndefined();
    expect(properties['AssumeRolePolicyDocument']).toMatchObject({
      Statement: [{ Principal: { Service: expect.stringMatching(/^(lambda|states)\.amazonaws\.com$/) } }],
    });
  }
});

describe('a function may do what it is for, and no more', () => {
  const TABLE = '<StorageTableB43FDCE7.Arn>';
  const onTable = (...actions: string[]) => actions.map((action) => `dynamodb:${action} ${TABLE} of ORG#*`);
  /** Every function of the API knows callers by the clients' items, which none may write, and counts their calls. */
  const callers = [`dynamodb:GetItem ${TABLE} of CLIENTS`, `dynamodb:UpdateItem ${TABLE} of CALLS#*`];
  const [chunks = '', files = ''] = ['chunks', 'files'].map((name) =>
    stack
      .all('AWS::SQS::Queue')
      .filter(({ properties }) => properties['QueueName'] === `bulk-data-fetch-dev-${name}`)
      .map(({ logicalId }) => `<${logicalId}.Arn>`)
      .join(),
  );
  const onQueue = (queue: string) =>
    ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'].map((action) => `sqs:${action} ${queue}`);
  const inFolder = (folder: string, ...actions: string[]) =>
    actions.map((action) => `s3:${action} <FileStoreBucket0DF04192.Arn>/${folder}/*`);
  const [machine = ''] = stack.all('AWS::StepFunctions::StateMachine').map(({ logicalId }) => `<${logicalId}>`);
  const secrets = 'arn:aws:secretsmanager:ap-south-1:<AWS::AccountId>:secret:bulk-data-fetch/dev/upstream/*';

  const expected: Readonly<Record<string, readonly string[]>> = {
    'schedule-batch': [...callers, ...onTable('BatchWriteItem', 'GetItem', 'PutItem'), `sqs:SendMessage ${chunks}`],
    'upload-batch': [...callers, ...onTable('BatchWriteItem', 'GetItem', 'PutItem'), `sqs:SendMessage ${chunks}`],
    // Who has a form that it signed may do with it what it may do.
    'create-upload': [...callers, ...onTable('GetItem', 'PutItem'), ...inFolder('uploads', 'PutObject')],
    'ingest-file': [
      ...onTable('BatchWriteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      ...inFolder('drop', 'GetObjectVersion'),
      ...inFolder('uploads', 'GetObjectVersion'),
      ...inFolder('drop-reports', 'PutObject'),
      ...onQueue(files),
      // It sorts what S3 announces by organisation.
      `sqs:SendMessage ${files}`,
      `sqs:SendMessage ${chunks}`,
    ],
    'batch-status': [...callers, ...onTable('GetItem', 'Query')],
    'fi-request-status': [
      ...callers,
      ...onTable('GetItem', 'PutItem', 'UpdateItem'),
      `secretsmanager:GetSecretValue ${secrets}`,
    ],
    'not-found': callers,
    'start-chunk': [
      ...onTable('GetItem', 'PutItem', 'Query', 'UpdateItem'),
      `secretsmanager:GetSecretValue ${secrets}`,
      ...inFolder('drop-reports', 'PutObject'),
      ...onQueue(chunks),
      `states:StartExecution ${machine}`,
    ],
    'advance-chunk': [
      ...onTable('GetItem', 'PutItem', 'Query', 'UpdateItem'),
      ...inFolder('drop-reports', 'PutObject'),
      `secretsmanager:GetSecretValue ${secrets}`,
    ],
    'recover-batches': [
      ...onTable('GetItem', 'PutItem', 'Query', 'UpdateItem'),
      `dynamodb:Query ${TABLE}/index/open-batches`,
      ...inFolder('drop-reports', 'PutObject'),
      `sqs:SendMessage ${chunks}`,
    ],
  };

  test.each(Object.entries(expected))('%s', (name, permissions) => {
    // Whatever is in the table is in a partition that the statement names.
    const onAll = permissionsOf(stack, roleOf(name)).filter((permission) =>
      /^dynamodb:\S+ \S+(?<!\/index\/open-batches)$/.test(permission),
    );
    expect(onAll).toEqual([]);
    const beyondLogging = permissionsOf(stack, roleOf(name)).filter((permission) => !/^(logs|xray):/.test(permission));
    expect(beyondLogging).toEqual([...permissions].sort());
  });

  test('and that is every function', () => {
    expect([...stack.functions().keys()].sort()).toEqual(Object.keys(expected).sort());
  });
});

test('the state machine may invoke advance-chunk, and nothing else', () => {
  const [role = ''] = roles.filter((logicalId) => logicalId.startsWith('PipelineLoopRole'));
  expect(permissionsOf(stack, role).filter((permission) => !/^(logs|xray):/.test(permission))).toEqual([
    `lambda:InvokeFunction <${stack.function('advance-chunk').logicalId}.Arn>`,
  ]);
});

test('every function that another service calls allows just that service, of this stack', () => {
  for (const { properties } of stack.all('AWS::Lambda::Permission')) {
    expect(properties['Principal']).toMatch(/^(apigateway|events)\.amazonaws\.com$/);
    expect(rendered(properties['SourceArn'])).toMatch(/<(Api|Recovery)[^>]+>/);
  }
});
