import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      properties: z.object({ templateFile: z.string().optional(), file: z.string().optional() }).optional(),
    }),
  ),
});

const assetsSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional(), packaging: z.string().optional() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
  Parameters: z.record(z.string(), z.object({ Default: z.unknown().optional() })).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
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
  const read = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const artifacts = Object.entries(manifestSchema.parse(read('manifest.json')).artifacts);
  const stacks = artifacts.filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack');
  const [stack] = stacks;
  const templateFile = stack?.[1].properties?.templateFile;
  if (stacks.length !== 1 || stack === undefined || templateFile === undefined) {
    throw new Error(`${directory} holds ${stacks.length} stacks; the local cloud runs exactly one`);
  }
  const region = stack[1].environment?.split('/').at(-1);
  const assetFolders = new Map<string, string>();
  for (const [, artifact] of artifacts) {
    if (artifact.type !== 'cdk:asset-manifest' || artifact.properties?.file === undefined) continue;
    for (const file of Object.values(assetsSchema.parse(read(artifact.properties.file)).files)) {
      if (file.source.packaging !== 'zip' || file.source.path === undefined) continue;
      const folder = join(directory, file.source.path);
      for (const destination of Object.values(file.destinations)) assetFolders.set(destination.objectKey, folder);
    }
  }
  // A bundle has no package.json, so on Lambda its .js files are CommonJS. Here the closest package.json upwards could be
  // this repository's, which says otherwise; an empty one stops the search.
  writeFileSync(join(directory, 'package.json'), '{}\n');
  return {
    directory,
    stackName: stack[0],
    region: region === undefined || region === 'unknown-region' ? FALLBACK_REGION : region,
    template: templateSchema.parse(read(templateFile)),
    assetFolders,
  };
}
