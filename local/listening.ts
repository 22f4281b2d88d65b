import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/**
 * Longer than any client keeps an idle connection, so that none is closed just as a call goes out on it: a function would take that for a
 * lost answer, which happens on AWS far less often than Node's 5 s would make it happen here.
 */
const KEEP_ALIVE_MILLISECONDS = 120_000;

/** Listens on 127.0.0.1 only, whatever the service: nothing local may be reachable from outside. Returns the base URL. */
export async function listen(server: Server, port: number): Promise<string> {
  server.keepAliveTimeout = KEEP_ALIVE_MILLISECONDS;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

/** Stops a server at once, with the connections that clients keep alive. */
export async function stopServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** Whether nothing listens on a port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await listen(server, port);
    await stopServer(server);
    return true;
  } catch {
    return false;
  }
}
