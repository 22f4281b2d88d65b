import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { instrumented, logger } from './telemetry.ts';

const queueRecord = z.looseObject({ messageId: z.string(), body: z.string() });
const queueEvent = z.object({ Records: z.array(queueRecord) });

/** The handler of a queue's consumer. A message that fails is delivered again, without the others. */
export const queueConsumer = (consume: (body: unknown, context: Context) => Promise<void>) =>
  instrumented((event, context) =>
    processPartialResponse(
      queueEvent.parse(event),
      async (record: unknown) => {
        const { messageId, body } = queueRecord.parse(record);
        logger.appendKeys({ messageId });
        try {
          await consume(JSON.parse(body), context);
        } catch (error) {
          logger.error('could not process a message', { error: error instanceof Error ? error : String(error) });
          throw error;
        }
      },
      new BatchProcessor(EventType.SQS),
      { context, throwOnFullBatchFailure: false },
    ),
  );
