import { z } from 'zod';
import type { Assembly } from './assembly.ts';
import { Intrinsics } from './intrinsics.ts';
import type { Identity, Place } from './names.ts';

/** One resource of the template: who it is, and its properties with every intrinsic function resolved. */
export interface Resource<Properties> extends Identity {
  readonly logicalId: string;
  readonly properties: Properties;
}

/**
 * Resources that change nothing about what runs on a laptop: permissions, logs, alarms, dashboards, firewalls, keys, and how often Lambda
 * retries an asynchronous call, which it doesn't here.
 */
const WITHOUT_EFFECT =
  /^AWS::(IAM|Logs|CloudWatch|WAFv2|KMS|SNS|CDK|Backup|Budgets|SSM)::|^AWS::Lambda::(Permission|EventInvokeConfig)$|^AWS::S3::BucketPolicy$|^AWS::SQS::QueuePolicy$|^AWS::ApiGateway::(Deployment|Account|UsagePlan|UsagePlanKey)$/;

/** What the parts of the local cloud run. */
const RUN =
  /^AWS::(ApiGateway::(GatewayResponse|Method|Resource|RestApi|Stage)|DynamoDB::Table|Events::Rule|Lambda::(EventSourceMapping|Function)|S3::Bucket|SQS::Queue|StepFunctions::StateMachine)$/;

const NAMELESS = /::(GatewayResponse|Method|EventSourceMapping)$/;

/** The resources of a synthesized stack, with the names they have locally. */
export class StackResources {
  readonly place: Place;
  readonly assembly: Assembly;
  readonly #intrinsics: Intrinsics;

  /** Throws when the template holds a type of resource that the local cloud neither runs nor may leave out. */
  constructor(assembly: Assembly, endpoint: string) {
    this.assembly = assembly;
    this.place = { stackName: assembly.stackName, region: assembly.region, endpoint };
    this.#intrinsics = new Intrinsics(assembly.template, this.place);
    for (const [logicalId, { Type }] of Object.entries(assembly.template.Resources)) {
      if (RUN.test(Type) || WITHOUT_EFFECT.test(Type)) continue;
      throw new Error(`the local cloud cannot run ${Type} (${logicalId}): add it to local/, or to what has no effect`);
    }
  }

  /** Every resource of a type, its properties read with `schema`. */
  ofType<Schema extends z.ZodType>(type: string, schema: Schema): Resource<z.output<Schema>>[] {
    return Object.entries(this.assembly.template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([logicalId, resource]) => {
        const parsed = schema.safeParse(this.#resolveNamed(resource.Properties, schema));
        if (!parsed.success) {
          throw new Error(`the local cloud cannot run ${logicalId} (${type}): ${z.prettifyError(parsed.error)}`);
        }
        const identity = NAMELESS.test(type)
          ? { ref: logicalId, attributes: {} }
          : this.#intrinsics.identity(logicalId);
        return { ...identity, logicalId, properties: parsed.data };
      });
  }

  /** Resolves only the properties that the schema names, so that an intrinsic in one of no concern here need not be known. */
  #resolveNamed(properties: Record<string, unknown>, schema: z.ZodType): unknown {
    const named = schema instanceof z.ZodObject ? Object.keys(schema.shape) : Object.keys(properties);
    return Object.fromEntries(
      named.filter((name) => name in properties).map((name) => [name, this.#intrinsics.resolve(properties[name])]),
    );
  }
}
