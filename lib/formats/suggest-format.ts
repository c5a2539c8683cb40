import type { ImportFormat } from '../import-formats.ts';
import { type FileForm, findDelimiter, findForm } from '../rows/find-form.ts';
import { importFormats } from './import-formats.ts';

/**
 * What a file most likely is, from its name and its (decoded) beginning; null when nothing speaks for any format. Only a
 * suggestion: the person sees and may change it.
 */
export function suggestFormat(fileName: string, head: string): ImportFormat | null {
  const text = head.replace(/^\ufeff/, '');
  if (text.trim() === '') return null;
  const form = findForm(text, fileName);
  const row = firstRow(text, form);
  const names = Object.keys(importFormats) as ImportFormat[];
  return names.find((name) => importFormats[name].recognises(row, form)) ?? null;
}

function firstRow(text: string, form: FileForm): unknown {
  const start = text.trimStart();
  const line = start.split(/\r?\n|\r/, 1)[0] ?? '';
  if (form === 'text') return line;
  if (form === 'table') {
    const names = line.split(findDelimiter(line)).map((name) => name.replaceAll('"', '').trim());
    return Object.fromEntries(names.map((name) => [name, '']));
  }
  if (form === 'jsonl') return parsed(line);
  // the first object of a list or of a file of objects: up to the brace with which it becomes JSON
  const from = start.indexOf('{');
  for (let at = start.indexOf('}', from); from >= 0 && at >= 0; at = start.indexOf('}', at + 1)) {
    const value = parsed(start.slice(from, at + 1));
    if (value !== undefined) return value;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
