import { createClient, disableClient, listClients, rotateClient } from '#lambdas/clients/manage.ts';
import { randomSecrets } from '#lambdas/clients/secret.ts';
import { randomIds, systemClock } from '#lambdas/platform/system.ts';
import { failureLine } from './client-failure.ts';
import { type ClientCommand, clientUsage, readClientCommand, UsageError } from './client-options.ts';
import { type ClientPlace, deployedPlace, localPlace } from './client-place.ts';
import { aboutHeaders, aboutOldSecret, clientJson, clientTable, headerLines } from './client-report.ts';

const HOUR = 3_600_000;

// Credentials and lists go to standard output, what is said about them to standard error: `> acme.headers` keeps just the headers.
try {
  const command = readClientCommand(process.argv.slice(2));
  if (command === null) console.log(clientUsage());
  else await manage(command);
} catch (error) {
  console.error(error instanceof UsageError ? error.message : failureLine(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function manage(command: ClientCommand): Promise<void> {
  const { table, region } = command;
  const place = table === undefined ? localPlace(process.env['STATE_DIR'] ?? '.local') : deployedPlace(table, region);
  try {
    await run(command, place);
  } finally {
    place.close();
  }
}

async function run(command: ClientCommand, { clients, name, upstream }: ClientPlace): Promise<void> {
  const ports = { clients, secrets: randomSecrets, clock: systemClock, ids: randomIds };
  switch (command.command) {
    case 'create': {
      const issued = await createClient(ports, command.organisation, command.app);
      console.error(`Created a client of the organisation ${command.organisation} in ${name}.`);
      console.error(aboutHeaders(issued));
      console.log(headerLines(issued));
      console.error(await upstream(command.organisation));
      return;
    }
    case 'list': {
      const listed = await listClients(ports, command.organisation ?? null);
      if (listed.length === 0)
        console.error(`There are no clients of ${command.organisation ?? 'any organisation'} in ${name}.`);
      if (command.json) console.log(clientJson(listed));
      else if (listed.length > 0) console.log(clientTable(listed));
      return;
    }
    case 'rotate': {
      const issued = await rotateClient(ports, command.client, command.overlap * HOUR);
      console.error(`The client ${command.client} in ${name} has a new secret. ${aboutOldSecret(issued)}`);
      console.error(aboutHeaders(issued));
      console.log(headerLines(issued));
      return;
    }
    case 'disable': {
      const isNews = await disableClient(ports, command.client);
      console.error(
        isNews
          ? `The client ${command.client} in ${name} is disabled: its calls are refused within a minute.`
          : `The client ${command.client} in ${name} was disabled already.`,
      );
    }
  }
}
