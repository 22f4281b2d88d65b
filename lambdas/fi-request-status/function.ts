import type { Clients, Ids } from '../core/ports.ts';
import { type ClientRatePorts, countClientCall } from '../core/use-cases/count-client-call.ts';
import { type LookUpPorts, lookUpStatus } from '../core/use-cases/look-up-status.ts';
import { parseStatusLookUp } from '../core/use-cases/status-look-up.ts';
import { jsonBody } from '../http/api-event.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';

export interface FiRequestStatusPorts extends ClientRatePorts, LookUpPorts {
  readonly clients: Clients;
  readonly ids: Ids;
}

/** The version in the answers of this path (seeds, FI Request Status). */
const VERSION = '1.21.0';

/** `POST /consent/firequest/status` (seeds, FI Request Status). */
export const fiRequestStatusFunction = (ports: FiRequestStatusPorts) =>
  apiHandler(
    { ...ports, authenticate: authenticator(ports.clients, ports.clock) },
    async ({ caller, event }) => {
      const { data, message } = await lookUpStatus(ports, caller.organisationId, parseStatusLookUp(jsonBody(event)));
      return { content: { status: 'success', data, message } };
    },
    { ver: VERSION, countCall: (organisationId) => countClientCall(ports, organisationId) },
  );
