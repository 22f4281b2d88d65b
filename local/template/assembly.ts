import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetManifestArtifact, CloudAssembly, UNKNOWN_REGION } from 'aws-cdk-lib/cx-api';
import { z } from 'zod';

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
  Parameters: z.record(z.string(), z.object({ Default: z.unknown().optional() })).default({}),
});

/** A CloudFormation template, as far as the local cloud reads it. */
export type Template = z.infer<typeof templateSchema>;

/** One synthesized stack: what CloudFormation would be given. */
export interface Assembly {
  readonly directory: string;
  readonly stackName: string;
  readonly region: string;
  readonly template: Template;
  /** The folder that a function's `Code.S3Key` was zipped from. */
  readonly assetFolders: ReadonlyMap<string, string>;
}

const FALLBACK_REGION = 'us-east-1';

/** Reads what `cdk synth` left in `directory`. There must be exactly one stack, since the local cloud is one account and region. */
export function readAssembly(directory: string): Assembly {
  const { artifacts, stacks } = new CloudAssembly(directory);
  const [stack] = stacks;
  if (stack === undefined || stacks.length > 1) {
    throw new Error(`${directory} holds ${stacks.length} stacks; the local cloud runs exactly one`);
  }
  const files = artifacts
    .filter((artifact) => AssetManifestArtifact.isAssetManifestArtifact(artifact))
    .flatMap(({ contents }) => Object.values(contents.files ?? {}))
    .filter(({ source }) => source.packaging === 'zip');
  // A bundle has no package.json, so on Lambda its .js files are CommonJS. Here the closest package.json upwards could be
  // this repository's, which says otherwise; an empty one stops the search.
  writeFileSync(join(directory, 'package.json'), '{}\n');
  const { region } = stack.environment;
  return {
    directory,
    stackName: stack.stackName,
    region: region === UNKNOWN_REGION ? FALLBACK_REGION : region,
    template: templateSchema.parse(stack.template),
    assetFolders: new Map(
      files.flatMap(({ source, destinations }) =>
        Object.values(destinations).map(({ objectKey }) => [objectKey, join(directory, source.path ?? '')]),
      ),
    ),
  };
}
