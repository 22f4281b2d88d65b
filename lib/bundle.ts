import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { FUNCTIONS } from './topology.ts';

const ROOT = join(import.meta.dirname, '..');

/** Some dependencies (busboy) are CommonJS and require Node's own modules, which an ES module has no `require` for. */
const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** Where a function is: `lambdas/<feature>/<name>`. */
function folderOf(name: string): string {
  const [, found] = Object.entries(FUNCTIONS).find(([known]) => known === name) ?? [];
  if (found === undefined) throw new Error(`the topology has no function ${name}`);
  return join(ROOT, 'lambdas', found.feature, name);
}

/**
 * The code of a function: `lambdas/<feature>/<name>/index.ts` and all it imports, the AWS SDK too (its version is the lockfile's, not the
 * runtime's), as minified ES modules with their source maps: `index.mjs`, and beside it what is loaded only when it is needed
 * (docs/decisions/0007-what-a-cold-start-loads.md).
 *
 * NodejsFunction would do the same through one `npx` a function, three times as slow, and its source maps name the directory it
 * was built in, so that the asset's hash differs from machine to machine. Here paths are relative to the repository.
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
    // Never written there: the source map's paths are relative to it.
    outdir: ROOT,
    entryNames: 'index',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    // What is imported dynamically becomes a file of its own: in one file all that it shares with the rest is wrapped up, too, and slower to load.
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    minify: true,
    // Logs and Step Functions' Retry go by the names of errors.
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
