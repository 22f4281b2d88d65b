import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type AwsAnswer, type AwsCall, AwsError, type AwsService, type NeededPermission } from '../aws-call.ts';
import type { Meter } from '../meter.ts';
import type { Records, State } from '../state.ts';
import { ACCOUNT, type Place } from '../template/names.ts';

const versionSchema = z.object({ id: z.string(), value: z.string(), createdAt: z.number() });
const secretSchema = z.object({
  name: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  createdAt: z.number(),
  current: versionSchema,
});
type Secret = z.infer<typeof secretSchema>;

const createSchema = z.object({
  Name: z.string().min(1).max(512),
  SecretString: z.string(),
  Description: z.string().optional(),
});
const putSchema = z.object({ SecretId: z.string(), SecretString: z.string() });
const getSchema = z.object({
  SecretId: z.string(),
  VersionStage: z.literal('AWSCURRENT', 'the local Secrets Manager keeps no other version').default('AWSCURRENT'),
});
const idSchema = z.object({ SecretId: z.string() });

/** Times in the JSON protocol are epoch seconds. */
const seconds = (milliseconds: number): number => milliseconds / 1000;

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
    else if (secret.current.value !== value) this.#act('PutSecretValue', { SecretId: name, SecretString: value });
  }

  #act(action: string, input: unknown): unknown {
    switch (action) {
      case 'CreateSecret':
        return this.#create(parse(createSchema, input));
      case 'PutSecretValue': {
        const { SecretId, SecretString } = parse(putSchema, input);
        const fresh = { ...this.#find(SecretId), current: version(SecretString) };
        this.#keep(fresh);
        return { ARN: fresh.arn, Name: fresh.name, VersionId: fresh.current.id, VersionStages: ['AWSCURRENT'] };
      }
      case 'GetSecretValue': {
        const { arn, name, current } = this.#find(parse(getSchema, input).SecretId);
        return {
          ARN: arn,
          Name: name,
          VersionId: current.id,
          SecretString: current.value,
          VersionStages: ['AWSCURRENT'],
          CreatedDate: seconds(current.createdAt),
        };
      }
      case 'DescribeSecret':
        return description(this.#find(parse(idSchema, input).SecretId));
      case 'ListSecrets':
        return { SecretList: [...this.#secrets.values()].map(description) };
      default:
        throw new AwsError('UnknownOperationException', `the local Secrets Manager has no ${action}`);
    }
  }

  #create({ Name, SecretString, Description }: z.infer<typeof createSchema>): unknown {
    if (this.#secrets.has(Name)) throw new AwsError('ResourceExistsException', `The secret ${Name} already exists.`);
    const current = version(SecretString);
    const described = Description === undefined ? {} : { description: Description };
    const secret = { name: Name, arn: this.#arn(Name), ...described, createdAt: current.createdAt, current };
    this.#keep(secret);
    return { ARN: secret.arn, Name, VersionId: current.id };
  }

  /** AWS ends a secret's ARN with six random characters; these ones are fixed, so that it can be told without the secret. */
  #arn(name: string): string {
    return `arn:aws:secretsmanager:${this.#place.region}:${ACCOUNT}:secret:${name}-Local1`;
  }

  #lookUp(id: string): Secret | undefined {
    return this.#secrets.get(id) ?? [...this.#secrets.values()].find((secret) => secret.arn === id);
  }

  #find(id: string): Secret {
    const secret = this.#lookUp(id);
    if (secret === undefined) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return secret;
  }

  #keep(secret: Secret): void {
    this.#secrets.set(secret.name, secret);
    this.#kept.put(secret.name, secret);
  }
}

const version = (value: string): Secret['current'] => ({ id: randomUUID(), value, createdAt: Date.now() });

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new AwsError('InvalidParameterException', z.prettifyError(parsed.error));
  return parsed.data;
}

const description = ({ arn, name, description: text, createdAt, current }: Secret): object => ({
  ARN: arn,
  Name: name,
  ...(text === undefined ? {} : { Description: text }),
  CreatedDate: seconds(createdAt),
  LastChangedDate: seconds(current.createdAt),
  VersionIdsToStages: { [current.id]: ['AWSCURRENT'] },
});
