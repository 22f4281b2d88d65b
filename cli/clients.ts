import { createClient, disableClient, listClients, rotateClient } from '#lambdas/clients/manage.ts';
import { randomSecrets } from '#lambdas/clients/secret.ts';
import { randomIds, systemClock } from '#lambdas/platform/system.ts';
import { type ClientDeployment, deployedTable, localEnvironment } from './client-deployment.ts';
import { aboutFailure } from './client-failure.ts';
import { CLIENT_USAGE, type ClientCommand, readClientCommand } from './client-options.ts';
import { aboutHeaders, aboutOldSecret, clientJson, clientTable, headerLines } from './client-report.ts';
import { runCommand } from './command.ts';

const HOUR = 3_600_000;

// Credentials and lists go to standard output, explanations to standard error, so that `> acme.headers` has just the
// headers.
await runCommand(CLIENT_USAGE, async (args) => {
  const command = readClientCommand(args);
  await manage(command).catch((error: unknown) => {
    throw aboutFailure(error);
  });
  return undefined;
});

async function manage(command: ClientCommand): Promise<void> {
  const { table, region } = command;
  const deployment =
    table === undefined ? localEnvironment(process.env['STATE_DIR'] ?? '.local') : deployedTable(table, region);
  try {
    await run(command, deployment);
  } finally {
    deployment.close();
  }
}

async function run(command: ClientCommand, { clients, name, prepareUpstream }: ClientDeployment): Promise<void> {
  const ports = { clients, secrets: randomSecrets, clock: systemClock, ids: randomIds };
  switch (command.command) {
    case 'create': {
      const issued = await createClient(ports, command.organisation, command.app);
      console.error(`Created a client of the organisation ${command.organisation} in ${name}.`);
      console.error(aboutHeaders(issued));
      console.log(headerLines(issued));
      console.error(await prepareUpstream(command.organisation));
      return;
    }
    case 'list': {
      const listed = await listClients(ports, command.organisation ?? null);
      if (listed.length === 0) console.error(`No clients of ${command.organisation ?? 'any organisation'} in ${name}.`);
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
      const wasActive = await disableClient(ports, command.client);
      console.error(
        wasActive
          ? `The client ${command.client} in ${name} is disabled: its calls are refused within a minute.`
          : `The client ${command.client} in ${name} was already disabled.`,
      );
    }
  }
}
