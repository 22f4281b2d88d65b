import { queueConsumer } from '../adapters/queue-consumer.ts';
import { storedFiles } from '../adapters/s3/object-created.ts';
import { type IngestPorts, ingestFile } from '../core/use-cases/ingest-file.ts';

/** Consumer of the file queue, which the bucket fills. */
export const ingestFileFunction = (ports: IngestPorts) =>
  queueConsumer(async (body, context) => {
    for (const file of storedFiles(body)) {
      await ingestFile(ports, file, ports.clock.now() + context.getRemainingTimeInMillis());
    }
  });
