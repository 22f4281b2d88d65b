/** One call that leaves the process, named like `chunks.saveState`. `effect` is what it does over there, at once or after some time. */
export type RemoteCall = <T>(name: string, effect: () => T | Promise<T>) => Promise<T>;

/** A network without any trouble. */
export const direct: RemoteCall = async (_, effect) => effect();
