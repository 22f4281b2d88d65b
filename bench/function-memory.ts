import { functionModels } from '#local/lambda/function-models.ts';
import type { Assembly } from '#local/template/assembly.ts';
import { StackResources } from '#local/template/resources.ts';

/** How many MB of memory each function of a synthesized stack is given, by the name of its folder in `lambdas/`. */
export function functionMemory(assembly: Assembly): ReadonlyMap<string, number> {
  const models = functionModels(new StackResources(assembly, 'http://127.0.0.1'), {
    timeScale: 1,
    machineScale: 1,
    overrides: {},
  });
  return new Map(models.map(({ name, memoryMegabytes }) => [folderOf(name), memoryMegabytes]));
}

/** `bulk-data-fetch-<stage>-advance-chunk` is `advance-chunk`. */
export const folderOf = (functionName: string): string => functionName.replace(/^bulk-data-fetch-[a-z]+-/, '');
