/**
 * The form of a file of rows, one rule for imports and training: what the file begins with, and its name where that says
 * more. A `.txt` file is text, line by line, also where a line begins with a brace; only a first line that is a row of JSON
 * with a column known here makes it JSON lines.
 */

/** jsonl: a JSON value a line; json: one list; json-values: objects over several lines each; table: CSV or TSV. */
export type FileForm = 'jsonl' | 'json' | 'json-values' | 'table' | 'text';

export const FORM_NAMES: Record<FileForm, string> = {
  jsonl: 'JSON lines',
  json: 'a JSON list',
  'json-values': 'JSON objects over several lines',
  table: 'a table (CSV or TSV)',
  text: 'lines of plain text',
};

const KNOWN_COLUMNS = 'prompt|messages|turns|chosen|rejected|completion|instruction|question|text';
const ROW_OF_JSON = new RegExp(`^\\{\\s*"(${KNOWN_COLUMNS}|id|question_id)"\\s*:`);
const EXTENSION = /\.(jsonl|ndjson|json|csv|tsv|tab|txt)(?:\.gz)?$/i;

/** `head` is the beginning of the text, without a byte order mark. */
export function findForm(head: string, fileName: string): FileForm {
  const extension = EXTENSION.exec(fileName)?.[1]?.toLowerCase();
  const start = head.trimStart();
  const [first = '', ...others] = start.split(/\r?\n|\r/).filter((line) => line.trim() !== '');
  const isCut = others.length === 0; // a first line longer than the head cannot be parsed
  if (extension === 'txt') return ROW_OF_JSON.test(first) && (isCut || isObject(first)) ? 'jsonl' : 'text';
  if (isObject(first)) return 'jsonl';
  if (first.trim() === '{' && /^\s*["}]/.test(others[0] ?? '')) return 'json-values';
  const isJson = extension === 'json' || extension === 'jsonl' || extension === 'ndjson';
  if (start.startsWith('[') && (isJson || /^\[\s*[{"]/.test(start))) return 'json';
  if (isJson || ROW_OF_JSON.test(first)) return 'jsonl';
  if (extension !== undefined) return 'table';
  const names = first.split(findDelimiter(first)).map((name) => name.replaceAll('"', '').trim());
  return names.length > 1 && names.some((name) => new RegExp(`^(${KNOWN_COLUMNS})$`).test(name))
    ? 'table'
    : 'text';
}

/** What separates the columns of a header: the most frequent of comma, tab and semicolon outside quotes. */
export function findDelimiter(header: string): ',' | '\t' | ';' {
  const bare = header.replace(/"[^"]*"/g, '');
  const count = (sign: string) => bare.split(sign).length;
  if (count('\t') > count(',') && count('\t') > count(';')) return '\t';
  return count(';') > count(',') ? ';' : ',';
}

function isObject(line: string): boolean {
  if (!line.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
