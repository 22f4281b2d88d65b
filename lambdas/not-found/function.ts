import { ServiceError } from '../core/errors.ts';
import type { Clients, Clock, Ids } from '../core/ports.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';

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
