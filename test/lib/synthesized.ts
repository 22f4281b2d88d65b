import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { BulkDataFetchStack } from '#lib/bulk-data-fetch-stack.ts';
import { FEATURE_FLAGS, readDeployment } from '#lib/deployment.ts';

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
  DependsOn: z.array(z.string()).default([]),
});
const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })),
});

export interface Resource {
  readonly logicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deletionPolicy: string | undefined;
  readonly dependsOn: readonly string[];
}

/** A synthesized template, for reading. */
export class Synthesized {
  readonly template: Template;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly #resources: z.infer<typeof templateSchema>['Resources'];

  constructor(template: Template) {
    const { Resources, Outputs } = templateSchema.parse(template.toJSON());
    this.template = template;
    this.outputs = Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, Value]));
    this.#resources = Resources;
  }

  all(type: string): Resource[] {
    return Object.entries(this.#resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([logicalId, { Properties, DeletionPolicy, DependsOn }]) => ({
        logicalId,
        properties: Properties,
        deletionPolicy: DeletionPolicy,
        dependsOn: DependsOn,
      }));
  }

  /** Every function, by its name without service and stage. */
  functions(): Map<string, Resource> {
    return new Map(
      this.all('AWS::Lambda::Function').map((resource) => [
        z
          .string()
          .parse(resource.properties['FunctionName'])
          .replace(/^bulk-data-fetch-[a-z]+-/, ''),
        resource,
      ]),
    );
  }

  function(name: string): Resource {
    const found = this.functions().get(name);
    if (found === undefined) throw new Error(`the template has no function ${name}`);
    return found;
  }
}

/** Does something with the stack for a context, which has no bundles. */
export function withStack<Result>(
  context: Readonly<Record<string, string>>,
  use: (stack: BulkDataFetchStack) => Result,
): Result {
  const outdir = mkdtempSync(join(tmpdir(), 'template-'));
  try {
    const app = new App({
      outdir,
      analyticsReporting: false,
      // It takes a second. The test of the bundles, and every `cdk synth`, validate the same template.
      builtinCloudFormationValidation: false,
      context: { ...FEATURE_FLAGS, 'aws:cdk:bundling-stacks': [] },
    });
    const deployment = readDeployment((key) => context[key]);
    return use(new BulkDataFetchStack(app, 'Tested', { deployment }));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The template for a context. */
export const synthesized = (context: Readonly<Record<string, string>> = {}): Synthesized =>
  withStack(context, (stack) => new Synthesized(Template.fromStack(stack)));

const intrinsicSchema = z.union([
  z.object({ Ref: z.string() }).transform(({ Ref }) => `<${Ref}>`),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).transform((att) => `<${att['Fn::GetAtt'].join('.')}>`),
  z
    .object({
      'Fn::Select': z.tuple([
        z.number(),
        z.object({ 'Fn::Split': z.tuple([z.literal('/'), z.object({ Ref: z.string() })]) }),
      ]),
    })
    .transform(
      ({
        'Fn::Select': [
          index,
          {
            'Fn::Split': [, { Ref }],
          },
        ],
      }) => `<${Ref}/${index}>`,
    ),
]);
const joinSchema = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });

/**
 * A value of a template as text, with `<LogicalId>` and `<LogicalId.Attribute>` for what only a deployment knows, and `<Name/2>` for what
 * comes after the second slash of it.
 */
export function rendered(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const joined = joinSchema.safeParse(value);
  if (!joined.success) return intrinsicSchema.parse(value);
  const [separator, parts] = joined.data['Fn::Join'];
  return parts.map(rendered).join(separator);
}
