import { z } from 'zod';
import { GROUP_ATTRIBUTE } from './fair-order.ts';

const attributeSchema = z.object({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});

const messageSchema = z.object({
  MessageId: z.string(),
  ReceiptHandle: z.string(),
  MD5OfBody: z.string(),
  Body: z.string(),
  Attributes: z.record(z.string(), z.string()).optional(),
  MessageAttributes: z.record(z.string(), attributeSchema).optional(),
});
const receivedSchema = z.object({ Messages: z.array(messageSchema).default([]) });

/** A received message, its group among its system attributes where AWS has it. */
export type SqsMessage = z.infer<typeof messageSchema>;

const sentSchema = z.looseObject({
  MessageGroupId: z.string().optional(),
  MessageAttributes: z.record(z.string(), z.unknown()).optional(),
});

function keepGroup(message: z.infer<typeof sentSchema>): Record<string, unknown> {
  const { MessageGroupId, MessageAttributes } = message;
  if (MessageGroupId === undefined) return message;
  const kept = { DataType: 'String', StringValue: MessageGroupId };
  return { ...message, MessageAttributes: { ...MessageAttributes, [GROUP_ATTRIBUTE]: kept } };
}

/**
 * The input of a call on a standard queue such that fauxqs keeps the message group, which it would drop: as one more message
 * attribute on the way in, and asked for on the way out.
 */
export function withGroupKept(
  action: string,
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  switch (action) {
    case 'SendMessage':
      return keepGroup(sentSchema.parse(input));
    case 'SendMessageBatch':
      return { ...input, Entries: z.array(sentSchema).parse(input['Entries']).map(keepGroup) };
    case 'ReceiveMessage': {
      const names = z.array(z.string()).default([]).parse(input['MessageAttributeNames']);
      return { ...input, MessageAttributeNames: [...names, GROUP_ATTRIBUTE] };
    }
    default:
      return input;
  }
}

/** The messages of fauxqs's answer, the group moved from the attribute that kept it to where SQS has it. */
export function standardMessages(body: unknown): SqsMessage[] {
  const received = receivedSchema.safeParse(body);
  if (!received.success) return [];
  return received.data.Messages.map((message) => {
    const { [GROUP_ATTRIBUTE]: kept, ...attributes } = message.MessageAttributes ?? {};
    const { MessageAttributes: _, ...plain } = message;
    return {
      ...plain,
      ...(Object.keys(attributes).length === 0 ? {} : { MessageAttributes: attributes }),
      ...(kept?.StringValue === undefined
        ? {}
        : { Attributes: { ...message.Attributes, MessageGroupId: kept.StringValue } }),
    };
  });
}
