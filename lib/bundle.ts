import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { FUNCTIONS } from './topology.ts';

const ROOT = join(import.meta.dirname, '..');

/** Some dependencies (busboy) are CommonJS and `require` Node's built-in modules; an ES module has no `require`. */
const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** Where a function is: `lambdas/<feature>/<name>`. */
function folderOf(name: string): string {
  const [, found] = Object.entries(FUNCTIONS).find(([known]) => known === name) ?? [];
  if (found === undefined) throw new Error(`the topology has no function ${name}`);
  return join(ROOT, 'lambdas', found.feature, name);
}

/**
 * The code of a function: `lambdas/<feature>/<name>/index.ts` and everything it imports, including the AWS SDK (in the lockfile's version, not the
 * runtime's), as minified ES modules with source maps: `index.mjs`, and next to it what is loaded only when needed
 * (docs/decisions/0007-what-a-cold-start-loads.md).
 *
 * NodejsFunction does the same through one `npx` per function, three times as slow, and its source maps name the build directory, so the asset's hash
 * differs from machine to machine. Here paths are relative to the repository.
 */
export function bundleOf(name: string): Code {
  return Code.fromAsset(folderOf(name), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: the local bundling below always succeeds or throws.
      image: DockerImage.fromRegistry('unused'),
      local: {
        tryBundle(outputDirectory) {
          for (const file of buildFunction(name)) writeFileSync(join(outputDirectory, file.name), file.contents);
          return true;
        },
      },
    },
  });
}

/** One file of a function's code. */
export interface BundledFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

/** The files that a function is deployed as. */
export function buildFunction(name: string): BundledFile[] {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [join(folderOf(name), 'index.ts')],
    // Nothing is written there: paths in the source map are relative to it.
    outdir: ROOT,
    entryNames: 'index',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    // Dynamic imports become separate files. In a single file, everything they share with the rest would be wrapped, too, which loads more slowly.
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    minify: true,
    // Logs and Step Functions' Retry identify errors by name.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
  return outputFiles.map(({ path, contents }) => {
    if (dirname(path) !== ROOT) throw new Error(`unexpected output ${path}`);
    return { name: basename(path), contents };
  });
}
