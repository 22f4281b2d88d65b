/** What happens at one call of a port: it fails or the worker dies, before the call has taken effect or after. */
export type Fault = 'none' | 'fails-before' | 'fails-after' | 'dies-before' | 'dies-after';

/** Decides over each call of a port, named like `chunks.saveState`, in the order in which they are made. */
export type FaultPlan = (call: string) => Fault;

export class PortFailure extends Error {
  override readonly name = 'PortFailure';
}

/** One worker's ports. When it dies, nothing that it had begun goes on: its calls never come back. */
export interface Crashable<P> {
  readonly ports: P;
  /** Rejects when the worker dies; never settles otherwise. */
  readonly death: Promise<never>;
  kill(): void;
}

/** Ports whose calls leave the worker. The others, clock and telemetry and the like, cannot fail. */
const REMOTE = new Set(['batches', 'openBatches', 'chunks', 'queue', 'loop', 'ledgers', 'finPro', 'reports']);
/** Calls of FinPro are answered in every way that they can end, so they never fail themselves. */
const NEVER_FAILS = 'finPro.';

const forever = <T>(): Promise<T> => new Promise<T>(() => {});

/** Puts fate before and behind each call of some ports. */
export function crashable<P extends object>(ports: P, fate: FaultPlan): Crashable<P> {
  let isDead = false;
  const { promise: death, reject } = Promise.withResolvers<never>();
  death.catch(() => {});
  const die = <T>(): Promise<T> => {
    isDead = true;
    reject(new PortFailure('the worker died'));
    return forever<T>();
  };

  const strike = async (name: string, call: () => unknown): Promise<unknown> => {
    if (isDead) return forever();
    const blow = fate(name);
    const canFail = !name.startsWith(NEVER_FAILS);
    if (blow === 'dies-before') return die();
    if (blow === 'fails-before' && canFail) throw new PortFailure(`${name} failed`);
    const result = await call();
    if (isDead) return forever();
    if (blow === 'dies-after') return die();
    if (blow === 'fails-after' && canFail) throw new PortFailure(`${name} failed after it had taken effect`);
    return result;
  };

  const struck = new Proxy(ports, {
    get: (target, name) => {
      const port: unknown = Reflect.get(target, name);
      return typeof port === 'object' && port !== null && REMOTE.has(String(name))
        ? struckPort(port, String(name), strike)
        : port;
    },
  });
  return { ports: struck, death, kill: () => void die() };
}

/** The same port, whose methods go through `strike`. */
const struckPort = (
  port: object,
  portName: string,
  strike: (name: string, call: () => unknown) => Promise<unknown>,
): object =>
  new Proxy(port, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      return typeof method === 'function'
        ? (...parameters: unknown[]) =>
            strike(`${portName}.${callName(String(name), parameters)}`, () => Reflect.apply(method, target, parameters))
        : method;
    },
  });

/** A change of a store goes by its kind. */
function callName(method: string, parameters: readonly unknown[]): string {
  const change = parameters.at(-1);
  const isChange = method === 'apply' && typeof change === 'object' && change !== null && 'kind' in change;
  return isChange ? String(change.kind) : method;
}
