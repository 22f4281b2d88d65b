import { z } from 'zod';
import { accessDenied, S3Error } from './s3-answer.ts';

const amountSchema = z.coerce.number().int().nonnegative();
const lowerCase = z.string().toLowerCase();
const conditionSchema = z.union([
  z.tuple([lowerCase.pipe(z.literal('content-length-range')), amountSchema, amountSchema]),
  z.tuple([lowerCase.pipe(z.enum(['eq', 'starts-with'])), z.string().regex(/^\$./), z.string()]),
  z
    .record(z.string(), z.string())
    .refine((condition) => Object.keys(condition).length === 1, 'Simple-Conditions must have exactly one property'),
]);

const policySchema = z.object({ expiration: z.iso.datetime({ offset: true }), conditions: z.array(conditionSchema) });

/** How long a file may be, in bytes, both included. */
export interface SizeRange {
  readonly minimum: number;
  readonly maximum: number;
}

/** What one POST may upload at most, policy or not. */
const MAXIMUM_BYTES = 5 * 1024 ** 3;

/** Need no condition: what the policy itself is, how it is signed, and the file. */
const FREE_FIELD = /^(policy|x-amz-signature|file|x-ignore-.*)$/;

const refused = (reason: string): S3Error => accessDenied(`Invalid according to Policy: ${reason}`);

const invalid = (reason: string): S3Error => new S3Error(400, 'InvalidPolicyDocument', `Invalid Policy: ${reason}`);

/**
 * Checks the fields of a form against its policy. ("Browser-based uploads using POST: POST policy", S3 API reference)
 *
 * @param encoded the policy as base64
 * @param fields by lower-case name, `bucket` among them, variables in them already replaced
 * @param now epoch milliseconds
 * @returns how long the file may be
 * @throws S3Error `InvalidPolicyDocument`; `AccessDenied` when it has expired, a condition fails or a field has none
 */
export function checkPolicy(encoded: string, fields: ReadonlyMap<string, string>, now: number): SizeRange {
  const { expiration, conditions } = readPolicy(encoded);
  if (now >= Date.parse(expiration)) throw refused('Policy expired.');
  const range = { minimum: 0, maximum: MAXIMUM_BYTES };
  const named = new Set<string>();
  for (const condition of conditions) {
    if (!Array.isArray(condition)) {
      for (const [name, value] of Object.entries(condition)) checkField(['eq', `$${name}`, value], fields, named);
    } else if (condition[0] === 'content-length-range') {
      range.minimum = Math.max(range.minimum, condition[1]);
      range.maximum = Math.min(range.maximum, condition[2]);
    } else {
      checkField(condition, fields, named);
    }
  }
  const extra = [...fields.keys()].filter((name) => !named.has(name) && !FREE_FIELD.test(name));
  if (extra.length > 0) throw refused(`Extra input fields: ${extra.join(', ')}`);
  return range;
}

function readPolicy(encoded: string): z.output<typeof policySchema> {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
  } catch {
    throw invalid('Invalid JSON.');
  }
  const parsed = policySchema.safeParse(document);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  return parsed.data;
}

type FieldCondition = readonly ['eq' | 'starts-with', string, string];

function checkField(condition: FieldCondition, fields: ReadonlyMap<string, string>, named: Set<string>): void {
  const [operator, variable, wanted] = condition;
  const name = variable.slice(1).toLowerCase();
  named.add(name);
  const value = fields.get(name);
  if (value !== undefined && (operator === 'eq' ? value === wanted : startsWith(name, value, wanted))) return;
  throw refused(`Policy Condition failed: ["${operator}", "${variable}", "${wanted}"]`);
}

/** Each of several content types has to begin like that. */
const startsWith = (name: string, value: string, wanted: string): boolean =>
  name === 'content-type' ? value.split(',').every((one) => one.startsWith(wanted)) : value.startsWith(wanted);
