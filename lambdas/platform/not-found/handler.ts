import { authenticator } from '#lambdas/clients/authenticate.ts';
import type { Clients } from '#lambdas/clients/store.ts';
import { ServiceError } from '../errors.ts';
import { apiHandler } from '../http/route.ts';
import type { Clock, Ids } from '../system.ts';

export interface NotFoundPorts {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Every path and method that the API does not have. */
export const notFoundFunction = (ports: NotFoundPorts) =>
  apiHandler({ ...ports, authenticate: authenticator(ports.clients, ports.clock) }, async () => {
    throw new ServiceError('not-found', 'NotFound', 'There is no such path with this method');
  });
