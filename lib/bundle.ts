import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** Some dependencies (the X-Ray SDK) are CommonJS and require Node's own modules, which an ES module has no `require` for. */
const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/**
 * The code of a function: `lambdas/<name>/handler.ts` and all it imports, the AWS SDK too (its version is the lockfile's, not the
 * runtime's), as one minified ES module `index.mjs` with its source map.
 *
 * NodejsFunction would do the same through one `npx` a function, three times as slow, and its source maps name the directory it
 * was built in, so that the asset's hash differs from machine to machine. Here paths are relative to the repository.
 */
export function bundleOf(name: string): Code {
  const directory = join(ROOT, 'lambdas', name);
  return Code.fromAsset(directory, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: the local bundling below always succeeds or throws.
      image: DockerImage.fromRegistry('unused'),
      local: {
        tryBundle(outputDirectory) {
          buildInto(outputDirectory, join(directory, 'handler.ts'));
          return true;
        },
      },
    },
  });
}

function buildInto(outputDirectory: string, entry: string): void {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    // Never written there: the source map's paths are relative to it.
    outfile: join(ROOT, 'index.mjs'),
    write: false,
    bundle: true,
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
  for (const file of outputFiles) {
    if (dirname(file.path) !== ROOT) throw new Error(`unexpected output ${file.path}`);
    writeFileSync(join(outputDirectory, basename(file.path)), file.contents);
  }
}
