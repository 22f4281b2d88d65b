import type { Clients, Clock, Ids } from '../core/ports.ts';
import { readStatus, type StatusPorts } from '../core/use-cases/read-status.ts';
import { parseStatusQuery } from '../core/use-cases/status-query.ts';
import { jsonBody } from '../http/api-event.ts';
import { apiHandler } from '../http/api-handler.ts';
import { authenticator } from '../http/authenticate.ts';
import { statusData } from '../http/status-data.ts';

export interface BatchStatusPorts extends StatusPorts {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** `POST /bulk/status` (seeds, bulk status). */
export const batchStatusFunction = (ports: BatchStatusPorts) =>
  apiHandler({ ...ports, authenticate: authenticator(ports.clients, ports.clock) }, async ({ caller, event }) => {
    const report = await readStatus(ports, caller.organisationId, parseStatusQuery(jsonBody(event)));
    return {
      content: { status: 'success', message: 'Bulk status retrieved successfully', data: statusData(report) },
    };
  });
