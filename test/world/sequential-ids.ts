import type { Ids } from '#lambdas/platform/system.ts';

/** UUIDs that count up: `00000001-0000-4000-8000-000000000000` and on. The prefix tells kinds of ids apart. */
export function sequentialIds(prefix = 0): Ids {
  let last = 0;
  return {
    uuid: () => {
      last += 1;
      return `${last.toString(16).padStart(8, '0')}-${prefix.toString(16).padStart(4, '0')}-4000-8000-000000000000`;
    },
  };
}
