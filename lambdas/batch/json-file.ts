import { misspellingsOf, misspelt } from '../platform/field-names.ts';
import { type FileContent, fileText, invalidFileContent } from './file-text.ts';
import { parseDefaults, tooManyRows } from './submission.ts';

const misspelledList = misspellingsOf(['consents_list']);

/**
 * Reads a JSON file: an array of rows, or an object with a `consents_list` and global defaults
 * (docs/spec/upload-batch.md, "Files"). Rows name their consent `consent_id` or `consentId`.
 * @throws ServiceError `InvalidFileContent`, or `InvalidRequest` when it has more than `maximum` rows
 */
export function readJsonFile(bytes: Uint8Array, maximum: number): FileContent {
  const content = parseJson(fileText(bytes).text);
  if (Array.isArray(content)) return contentOf(content, maximum, {});
  const isObject = typeof content === 'object' && content !== null;
  const [misspelled] = isObject ? misspelledList(content) : [];
  if (misspelled) throw invalidFileContent(misspelt(misspelled));
  if (!isObject || !('consents_list' in content)) {
    throw invalidFileContent('the file must be an array of rows, or an object with a consents_list');
  }
  if (!Array.isArray(content.consents_list)) throw invalidFileContent('consents_list must be an array of rows');
  const defaults = parseDefaults(content);
  if (!defaults.ok) throw invalidFileContent(defaults.fault.message);
  return contentOf(content.consents_list, maximum, defaults.value);
}

function contentOf(list: readonly unknown[], maximum: number, defaults: FileContent['defaults']): FileContent {
  if (list.length === 0) throw invalidFileContent('the file has no rows');
  if (list.length > maximum) throw tooManyRows('file', list.length);
  const rows = list.map((value, index) => ({ label: `Record ${index + 1}`, value: withConsentId(value) }));
  return { rows, defaults };
}

/**
 * The row with its consent named as in the JSON API, or a string that says why it isn't a row. `consent_id` wins over
 * `consentId`.
 */
function withConsentId(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'the row must be an object with a consent_id';
  }
  if (!('consentId' in value)) return value;
  const { consentId, ...row } = value;
  return { consent_id: consentId, ...row };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec(String(error))?.[1];
    const line = position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length;
    throw invalidFileContent('the file is not valid JSON', line);
  }
}
