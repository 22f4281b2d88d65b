import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Containers, DEFAULT_LIMITS } from '#local/lambda/containers.ts';
import { buildContainerScript } from '#local/lambda/lambda.ts';
import type { Assembly } from '#local/template/assembly.ts';
import { type Figure, figureOf } from '../figure.ts';
import { folderOf, functionMemory } from '../function-memory.ts';
import { onCloud } from './cloud-batch.ts';
import { callEveryFunction } from './every-function.ts';
import { inProcesses } from './process-pool.ts';

const TIME_SCALE = 0.05;
const MEGABYTE = 1024 ** 2;

/**
 * The most memory that each function takes with the largest inputs it can have, as Lambda's "Max Memory Used": of a process that runs nothing
 * but this function, Node included. The target is the memory that the function is configured with, the floor is what a process with an
 * empty function takes. `folder` is for files that are needed meanwhile.
 */
export async function memoryFigures(assembly: Assembly, folder: string): Promise<Figure[]> {
  const floor = (await bareNodePeak(folder)) / MEGABYTE;
  const peaks = await onCloud(
    { assembly, timeScale: TIME_SCALE, balances: true, limited: false, containersAs: 'processes' },
    async (cloud) => {
      await callEveryFunction(cloud);
      const { functions } = cloud.environment.cloud.meter.read();
      return new Map(Object.entries(functions).map(([name, usage]) => [folderOf(name), usage.peakMemoryBytes]));
    },
  );
  return [...functionMemory(assembly)].map(([name, target]) => {
    const peak = peaks.get(name) ?? 0;
    if (peak === 0) throw new Error(`the memory of ${name} was not measured`);
    const value = peak / MEGABYTE;
    return figureOf('Functions', `memory peak, ${name}`, value, 'MB', { target, floor });
  });
}

/** The same of a function that is empty, in bytes. */
async function bareNodePeak(folder: string): Promise<number> {
  const bundle = join(folder, 'empty.mjs');
  await writeFile(bundle, 'export const handler = () => {};\n');
  const model = {
    logicalId: 'Empty',
    name: 'empty',
    arn: '',
    bundle,
    exportName: 'handler',
    timeoutMilliseconds: 10_000,
    memoryMegabytes: 512,
    logGroup: '',
    environment: {},
  };
  const containers = new Containers(DEFAULT_LIMITS, inProcesses(await buildContainerScript(folder)), () => {});
  const { result, peakMemoryBytes } = await containers.invoke(model, '{}', 'bare');
  await containers.close();
  if (!result.ok) throw new Error(result.error.errorMessage);
  return peakMemoryBytes;
}
