import { z } from 'zod';
import type { RecordedCall } from '#local/call-record.ts';
import type { Assembly } from '#local/template/assembly.ts';
import { Intrinsics } from '#local/template/intrinsics.ts';
import { ACCOUNT } from '#local/template/names.ts';

/** One action on one resource (both with IAM's wildcards) that a policy of the template allows or denies somebody. */
export interface Grant {
  readonly effect: 'Allow' | 'Deny';
  /** As the record of calls names callers: a function or state machine by logical id, a service such as `events`, or `*`. */
  readonly holder: string;
  readonly action: string;
  readonly resource: string;
  readonly conditions: Conditions;
}
type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const some = z.union([z.array(z.string()), z.string().transform((one) => [one])]);
const principal = z.union([
  z.literal('*').transform(() => ['*']),
  z.strictObject({ AWS: z.literal('*') }).transform(() => ['*']),
  z.strictObject({ Service: some }).transform(({ Service }) => Service.map((name) => name.split('.')[0] ?? name)),
]);
// Strict: a policy with NotAction or NotResource must not be read as one that says nothing of the kind.
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: some,
  Resource: some,
  Principal: principal.optional(),
  Condition: z
    .record(z.string(), z.record(z.string(), z.union([some, z.boolean().transform((one) => [String(one)])])))
    .default({}),
});
const documentSchema = z.object({ Statement: z.array(statement) });

const roleSchema = z.object({ Policies: z.array(z.object({ PolicyDocument: documentSchema })).default([]) });
const policySchema = z.object({ Roles: z.array(z.string()), PolicyDocument: documentSchema });
const resourcePolicySchema = z.object({ PolicyDocument: documentSchema });
const permissionSchema = z.object({ Action: z.string(), FunctionName: z.string(), Principal: z.string() });
const holderSchema = z.object({ Role: z.string().optional(), RoleArn: z.string().optional() });

const HOLDERS = ['AWS::Lambda::Function', 'AWS::StepFunctions::StateMachine'];
const RESOURCE_POLICIES = ['AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy'];

/** Every grant of a synthesized stack: of its roles, of the policies of its queues and buckets, and who may call its functions. */
export function grantsOf(assembly: Assembly): Grant[] {
  const place = { stackName: assembly.stackName, region: assembly.region, endpoint: 'http://queues' };
  const intrinsics = new Intrinsics(assembly.template, place);
  const resources = Object.entries(assembly.template.Resources);
  const all = <Schema extends z.ZodType>(types: readonly string[], schema: Schema) =>
    resources
      .filter(([, { Type }]) => types.includes(Type))
      .map(([logicalId, { Properties }]): [string, z.output<Schema>] => [
        logicalId,
        schema.parse(intrinsics.resolve(Properties)),
      ]);

  const holders = new Map(
    all(HOLDERS, holderSchema).map(([logicalId, { Role, RoleArn }]) => [Role ?? RoleArn ?? '', logicalId]),
  );
  // A role that nobody here takes is somebody's all the same: its own name shows up among the grants that no flow uses.
  const holderOf = (role: string): string => holders.get(`arn:aws:iam::${ACCOUNT}:role/${role}`) ?? role;

  return [
    ...all(['AWS::IAM::Role'], roleSchema).flatMap(([logicalId, { Policies }]) =>
      Policies.flatMap(({ PolicyDocument }) => grants(PolicyDocument, [holderOf(intrinsics.identity(logicalId).ref)])),
    ),
    ...all(['AWS::IAM::Policy'], policySchema).flatMap(([, { Roles, PolicyDocument }]) =>
      grants(PolicyDocument, Roles.map(holderOf)),
    ),
    ...all(RESOURCE_POLICIES, resourcePolicySchema).flatMap(([, { PolicyDocument }]) => grants(PolicyDocument, [])),
    ...all(['AWS::Lambda::Permission'], permissionSchema).map(([, permission]): Grant => {
      const [holder = ''] = permission.Principal.split('.');
      const { Action: action, FunctionName: resource } = permission;
      return { effect: 'Allow', holder, action, resource, conditions: {} };
    }),
  ];
}

const grants = ({ Statement }: z.output<typeof documentSchema>, roleHolders: readonly string[]): Grant[] =>
  Statement.flatMap(({ Effect: effect, Action, Resource, Principal, Condition: conditions }) =>
    (Principal ?? roleHolders).flatMap((holder) =>
      Action.flatMap((action) => Resource.map((resource) => ({ effect, holder, action, resource, conditions }))),
    ),
  );

/** Whether a grant is about a call: by whom, what, on what, and under its conditions. */
export function covers({ holder, action, resource, conditions }: Grant, call: RecordedCall): boolean {
  return (
    (holder === '*' || holder === call.caller) &&
    matches(action.toLowerCase(), call.action.toLowerCase()) &&
    matches(resource, call.resource) &&
    Object.entries(conditions).every(([operator, asked]) =>
      Object.entries(asked).every(([key, wanted]) => wanted.some((one) => isMet(operator, key, one, call))),
    )
  );
}

/** Whether the policies together allow a call: an Allow covers it, and no Deny does. */
export const isAllowed = (all: readonly Grant[], call: RecordedCall): boolean =>
  all.some((grant) => grant.effect === 'Allow' && covers(grant, call)) &&
  !all.some((grant) => grant.effect === 'Deny' && covers(grant, call));

/** `*` stands for any characters and `?` for one, in actions and in resources (IAM user guide, "Resource"). */
const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  ).test(text);

/**
 * Whether a condition is met by the calls of the local cloud, as they would come on AWS: by TLS, and from services on behalf of what is in
 * this account.
 * @throws Error on a condition that is not known here, since guessing would let it pass or fail for nothing
 */
function isMet(operator: string, key: string, wanted: string, { partition }: RecordedCall): boolean {
  switch (`${operator} ${key}`) {
    case 'Bool aws:SecureTransport':
      return wanted === 'true';
    case 'StringEquals aws:SourceAccount':
      return wanted === ACCOUNT;
    case 'ArnEquals aws:SourceArn':
      return /^arn:aws:s3:::bulk-data-fetch-/.test(wanted);
    // The record has one call for each of the partitions that a request names.
    case 'ForAllValues:StringLike dynamodb:LeadingKeys':
      return partition === undefined || matches(wanted, partition);
    default:
      throw new Error(`say here when ${operator} on ${key} is met`);
  }
}
