/** Repeatable randomness in [0, 1): mulberry32. */
export function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A GUID-shaped id without any likeness to another, so that compression has nothing to hold on to. */
export function scrambledGuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The size of an item as DynamoDB bills it, near enough: names, texts and bytes as they are, numbers as their digits. */
export function bytesOf(item: Record<string, unknown>): number {
  const sizeOf = (value: unknown): number => {
    if (typeof value === 'string') return Buffer.byteLength(value);
    if (value instanceof Uint8Array) return value.byteLength;
    if (Array.isArray(value)) return 3 + value.reduce((sum: number, each: unknown) => sum + 1 + sizeOf(each), 0);
    if (typeof value === 'object' && value !== null) {
      return 3 + Object.entries(value).reduce((sum, [name, each]) => sum + 1 + name.length + sizeOf(each), 0);
    }
    return String(value).length;
  };
  return Object.entries(item).reduce((sum, [name, value]) => sum + name.length + sizeOf(value), 0);
}
