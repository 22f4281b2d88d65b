import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { instrumented, logger } from './telemetry.ts';

const queueRecord = z.looseObject({ messageId: z.string(), body: z.string() });
const queueEvent = z.object({ Records: z.array(queueRecord) });

/** The handler of a function that consumes a queue: a message that fails is delivered again, the others are not touched by it. */
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
          logger.error('a message could not be processed', { error: error instanceof Error ? error : String(error) });
          throw error;
        }
      },
      new BatchProcessor(EventType.SQS),
      { context, throwOnFullBatchFailure: false },
    ),
  );
