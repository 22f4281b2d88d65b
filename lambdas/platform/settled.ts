/**
 * The results of all, in order. Unlike `Promise.all` it waits for every one before it throws the first failure: Lambda
 * freezes a container when its handler ends, and what was left under way would go on with a later invocation, for
 * another message (AWS Lambda developer guide, "Lambda execution environment lifecycle").
 */
export async function allSettled<T extends readonly unknown[] | []>(
  all: T,
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  await Promise.allSettled(all);
  return Promise.all(all);
}
