import { z } from 'zod';

/** An attribute value in DynamoDB's JSON form: `{"S":"text"}`. */
export type AttributeValue = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, AttributeValue>>;

const string = z.string();
const strings = z.array(string);
const value = z.record(string, z.unknown());
const list = z.array(value);
const map = z.record(string, value);

/** A number takes about one byte for two digits, trailing and leading zeros left out, and one more. */
function numberSize(text: string): number {
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '');
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

function valueSize(attribute: AttributeValue): number {
  const [type, content] = Object.entries(attribute)[0] ?? ['NULL', true];
  switch (type) {
    case 'S':
      return Buffer.byteLength(string.parse(content));
    case 'N':
      return numberSize(string.parse(content));
    case 'B':
      return Buffer.from(string.parse(content), 'base64').length;
    case 'SS':
      return strings.parse(content).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    case 'NS':
      return strings.parse(content).reduce((sum, text) => sum + numberSize(text), 0);
    case 'BS':
      return strings.parse(content).reduce((sum, text) => sum + Buffer.from(text, 'base64').length, 0);
    case 'L':
      return list.parse(content).reduce((sum, item) => sum + 1 + valueSize(item), 3);
    case 'M':
      return Object.entries(map.parse(content)).reduce(
        (sum, [name, item]) => sum + 1 + Buffer.byteLength(name) + valueSize(item),
        3,
      );
    default:
      return 1;
  }
}

/** The size of an item in bytes, by the rules of "DynamoDB item sizes and formats" in the developer guide. */
export function itemSize(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);
}

/** Write units for an item of that many bytes: one for each KB begun. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));
