import { authenticator } from '#lambdas/clients/authenticate.ts';
import type { ClientStore } from '#lambdas/clients/store.ts';
import { ServiceError } from '../errors.ts';
import { apiHandler } from '../http/route.ts';
import type { Clock, Ids } from '../system.ts';

export interface NotFoundPorts {
  readonly clients: ClientStore;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Answers every path and method that the API doesn't have. */
export const notFoundFunction = (ports: NotFoundPorts) =>
  apiHandler({ ...ports, authenticate: authenticator(ports.clients, ports.clock) }, async () => {
    throw new ServiceError('not-found', 'NotFound', 'No such path and method');
  });
