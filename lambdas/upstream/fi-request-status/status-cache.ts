import type { FiStatusDocument } from '../finpro.ts';

/** Final statuses by session, cached for a while. */
export interface StatusCache {
  /** Null when none is cached and still valid. */
  find(organisationId: string, sessionId: string, now: number): FiStatusDocument | null;
  store(organisationId: string, sessionId: string, document: FiStatusDocument, until: number): void;
}

/** In characters of JSON. An answer has at most 1 MB, and usually one or two KB. */
const MOST_CHARACTERS = 8_000_000;

/**
 * The statuses that this container has seen. They name the customer (VUA) and are passed on whole, so they are in memory
 * only: what is in the table is there after its time, too, and in backups. Another container asks FinPro once more.
 */
export function memoryStatusCache(): StatusCache {
  const cached = new Map<string, { readonly document: FiStatusDocument; readonly until: number; size: number }>();
  let characters = 0;
  const keyOf = (organisationId: string, sessionId: string): string => `${organisationId} ${sessionId.toLowerCase()}`;
  const drop = (key: string): void => {
    characters -= cached.get(key)?.size ?? 0;
    cached.delete(key);
  };
  return {
    find: (organisationId, sessionId, now) => {
      const found = cached.get(keyOf(organisationId, sessionId));
      return found && found.until > now ? found.document : null;
    },
    store: (organisationId, sessionId, document, until) => {
      const key = keyOf(organisationId, sessionId);
      drop(key);
      const size = JSON.stringify(document).length;
      cached.set(key, { document, until, size });
      characters += size;
      // The oldest go first.
      for (const oldest of cached.keys()) {
        if (characters <= MOST_CHARACTERS) break;
        drop(oldest);
      }
    },
  };
}
