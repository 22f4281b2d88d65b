/** The account that everything local belongs to. It is also the only one that fauxqs knows. */
export const ACCOUNT = '000000000000';

/** What an identity is made from. */
export interface Place {
  readonly stackName: string;
  readonly region: string;
  /** Where the front for AWS calls listens, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
}

/** What `Ref` and `Fn::GetAtt` of a resource give. */
export interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Declared {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

const arn = (place: Place, service: string, rest: string): string =>
  `arn:aws:${service}:${place.region}:${ACCOUNT}:${rest}`;

type Identify = (name: string, place: Place, logicalId: string) => Identity;

const identities: Readonly<Record<string, { nameProperty?: string; limit?: number; identify: Identify }>> = {
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    identify: (name, place) => ({ ref: name, attributes: { Arn: arn(place, 'lambda', `function:${name}`) } }),
  },
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    limit: 80,
    identify: (name, place) => ({
      ref: `${place.endpoint}/${ACCOUNT}/${name}`,
      attributes: { Arn: arn(place, 'sqs', name), QueueName: name, QueueUrl: `${place.endpoint}/${ACCOUNT}/${name}` },
    }),
  },
  'AWS::DynamoDB::Table': {
    nameProperty: 'TableName',
    limit: 255,
    identify: (name, place) => ({ ref: name, attributes: { Arn: arn(place, 'dynamodb', `table/${name}`) } }),
  },
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    limit: 80,
    identify: (name, place) => {
      const machine = arn(place, 'states', `stateMachine:${name}`);
      return { ref: machine, attributes: { Arn: machine, Name: name } };
    },
  },
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    identify: (name, place) => ({ ref: name, attributes: { Arn: arn(place, 'events', `rule/${name}`) } }),
  },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    limit: 63,
    identify: (name) => ({ ref: name.toLowerCase(), attributes: { Arn: `arn:aws:s3:::${name.toLowerCase()}` } }),
  },
  'AWS::ApiGateway::RestApi': {
    identify: (_name, _place, logicalId) => ({ ref: logicalId, attributes: { RootResourceId: `${logicalId}-root` } }),
  },
  'AWS::ApiGateway::Resource': { identify: (_name, _place, logicalId) => ({ ref: logicalId, attributes: {} }) },
  'AWS::ApiGateway::Stage': {
    nameProperty: 'StageName',
    identify: (name) => ({ ref: name, attributes: {} }),
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    limit: 512,
    identify: (name, place) => ({ ref: name, attributes: { Arn: arn(place, 'logs', `log-group:${name}:*`) } }),
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    identify: (name) => ({ ref: name, attributes: { Arn: `arn:aws:iam::${ACCOUNT}:role/${name}` } }),
  },
};

/**
 * The name, ARN and attributes that CloudFormation would give a resource, or undefined where its type is not known here.
 * A resource without a name in the template is named after its stack and logical id, so that its data is found again at the next start.
 */
export function identityOf({ logicalId, type, properties }: Declared, place: Place): Identity | undefined {
  const known = identities[type];
  if (known === undefined) return undefined;
  const declared = known.nameProperty === undefined ? undefined : properties[known.nameProperty];
  const name = typeof declared === 'string' ? declared : `${place.stackName}-${logicalId}`.slice(0, known.limit ?? 64);
  return known.identify(name, place, logicalId);
}
