import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type AwsAnswer,
  type AwsCall,
  AwsError,
  type AwsService,
  type NeededPermission,
  parseInput,
  seconds,
} from './aws-call.ts';
import type { Meter } from './meter.ts';
import type { Records, State } from './state.ts';
import { ACCOUNT, type Place } from './template/names.ts';

const secretSchema = z.object({
  name: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  createdAt: z.number(),
  /** The current version; no other is kept. */
  versionId: z.string(),
  value: z.string(),
  changedAt: z.number(),
});
type Secret = z.infer<typeof secretSchema>;

const createSchema = z.object({
  Name: z.string().min(1).max(512),
  SecretString: z.string(),
  Description: z.string().optional(),
});
const idSchema = z.object({
  SecretId: z.string(),
  VersionStage: z.literal('AWSCURRENT', 'the local Secrets Manager keeps no other version').optional(),
});
const putSchema = z.object({ SecretId: z.string(), SecretString: z.string() });

/** Secrets Manager, as far as secrets that are strings and their current versions go. */
export class SecretsManager implements AwsService {
  readonly name = 'secretsmanager';
  readonly target = 'secretsmanager';
  readonly #place: Place;
  readonly #meter: Meter;
  readonly #kept: Records<Secret>;
  readonly #secrets: Map<string, Secret>;

  constructor(state: State, place: Place, meter: Meter) {
    this.#place = place;
    this.#meter = meter;
    this.#kept = state.records('secret', secretSchema);
    this.#secrets = this.#kept.all();
  }

  permissions({ action, input }: AwsCall): NeededPermission[] {
    const id = input['SecretId'] ?? input['Name'];
    const resource = typeof id === 'string' ? (this.#lookUp(id)?.arn ?? this.#arn(id)) : '*';
    return [{ action: `secretsmanager:${action}`, resource }];
  }

  async answer({ action, input }: AwsCall): Promise<AwsAnswer> {
    this.#meter.add('secretsmanager.request', 1);
    return { status: 200, body: this.#act(action, input) };
  }

  /** Creates a secret, or gives it this value where it has another, without counting as a call. */
  ensure(name: string, value: string): void {
    const secret = this.#secrets.get(name);
    if (secret === undefined) this.#act('CreateSecret', { Name: name, SecretString: value });
    else if (secret.value !== value) this.#act('PutSecretValue', { SecretId: name, SecretString: value });
  }

  #act(action: string, input: unknown): unknown {
    switch (action) {
      case 'CreateSecret': {
        const { Name, SecretString, Description } = parse(createSchema, input);
        if (this.#secrets.has(Name))
          throw new AwsError('ResourceExistsException', `The secret ${Name} already exists.`);
        const described = Description === undefined ? {} : { description: Description };
        return this.#keep({ name: Name, arn: this.#arn(Name), createdAt: Date.now(), ...described }, SecretString);
      }
      case 'PutSecretValue': {
        const { SecretId, SecretString } = parse(putSchema, input);
        return this.#keep(this.#find(SecretId), SecretString);
      }
      case 'GetSecretValue': {
        const { arn: ARN, name: Name, value: SecretString, ...secret } = this.#find(parse(idSchema, input).SecretId);
        return { ARN, Name, SecretString, ...versionOf(secret), CreatedDate: seconds(secret.changedAt) };
      }
      case 'DescribeSecret':
        return description(this.#find(parse(idSchema, input).SecretId));
      case 'ListSecrets':
        return { SecretList: [...this.#secrets.values()].map(description) };
      default:
        throw new AwsError('UnknownOperationException', `the local Secrets Manager has no ${action}`);
    }
  }

  /** AWS ends a secret's ARN with six random characters; these are fixed, so that the ARN is known without the secret. */
  #arn(name: string): string {
    return `arn:aws:secretsmanager:${this.#place.region}:${ACCOUNT}:secret:${name}-Local1`;
  }

  #lookUp(id: string): Secret | undefined {
    return this.#secrets.get(id) ?? [...this.#secrets.values()].find((secret) => secret.arn === id);
  }

  #find(id: string): Secret {
    const secret = this.#lookUp(id);
    if (secret !== undefined) return secret;
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }

  #keep(secret: Omit<Secret, 'versionId' | 'value' | 'changedAt'>, value: string): object {
    const kept = { ...secret, versionId: randomUUID(), value, changedAt: Date.now() };
    this.#secrets.set(kept.name, kept);
    this.#kept.put(kept.name, kept);
    return { ARN: kept.arn, Name: kept.name, ...versionOf(kept) };
  }
}

const versionOf = ({ versionId }: Pick<Secret, 'versionId'>): object => ({
  VersionId: versionId,
  VersionStages: ['AWSCURRENT'],
});

const description = ({ arn, name, description: text, createdAt, changedAt, versionId }: Secret): object => ({
  ARN: arn,
  Name: name,
  ...(text === undefined ? {} : { Description: text }),
  CreatedDate: seconds(createdAt),
  LastChangedDate: seconds(changedAt),
  VersionIdsToStages: { [versionId]: ['AWSCURRENT'] },
});

const parse = <Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> =>
  parseInput(schema, input, 'InvalidParameterException');
