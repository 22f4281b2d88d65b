import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** The simulator that the local cloud uses as its upstream. */
export interface UsedSimulator {
  readonly url: string;
  /** Whether it was started here, and so ends with `close`. */
  readonly own: boolean;
  close(): Promise<void>;
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/_sim/stats`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/**
 * The simulator that answers on `port`, or one started there in a thread, which keeps what it knows in `stateDir`; port 0 starts one on a
 * free port.
 */
export async function useSimulator(port: number, timeScale: number, stateDir?: string): Promise<UsedSimulator> {
  const running = `http://127.0.0.1:${port}`;
  if (port !== 0 && (await answers(running))) return { url: running, own: false, close: async () => {} };
  const worker = new Worker(new URL('./simulator-worker.ts', import.meta.url), {
    workerData: { port, timeScale, stateDir },
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  const [url] = await once(worker, 'message');
  return {
    url: z.string().parse(url),
    own: true,
    close: async () => {
      await worker.terminate();
    },
  };
}
