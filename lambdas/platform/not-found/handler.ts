import { ServiceError } from '../errors.ts';
import { type ApiPorts, apiHandler } from '../http/route.ts';

/** Answers every path and method that the API doesn't have. */
export const notFoundFunction = (ports: ApiPorts) =>
  apiHandler(ports, { countedAs: 'not-found' }, async () => {
    throw new ServiceError('not-found', 'NotFound', 'No such path and method');
  });
