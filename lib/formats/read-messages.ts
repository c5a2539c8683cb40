import type { JsonValue, Message, ReasonCode } from './parsed-row.ts';

const ROLES = ['system', 'user', 'assistant'] as const;

/** Keys of a message that are part of what was said or seen: without them the row would say something else. */
const MEANINGFUL_KEYS = [
  'tool_calls',
  'tool_call_id',
  'function_call',
  'tool_plan',
  'audio',
  'image',
  'images',
  'videos',
  'refusal',
  'reasoning',
  'reasoning_content',
  'thinking',
];

/** Columns of a row that the model was shown beside the messages. */
export const MEANINGFUL_COLUMNS = ['tools', 'functions', 'image', 'images', 'videos'];

export type ReadMessages =
  | {
      ok: true;
      messages: Message[];
      /** what else the messages carry, by place: "prompt[0].timestamp" */
      extras: Record<string, JsonValue>;
    }
  | { ok: false; reason: ReasonCode; detail: string };

/**
 * Reads `[{ role, content }, ...]` with at least one message. Content may be a list of text parts, which are joined without
 * anything between them, as chat templates do. `where` names the column in what is said of a fault: an unknown role, a kind
 * of content that cannot be kept, a key without which the message would not say the same.
 */
export function readMessages(value: JsonValue, where: string): ReadMessages {
  if (!Array.isArray(value) || value.length === 0) {
    return refuse('wrong-columns', `"${where}" is ${kindOf(value)}; expected a list of {role, content}`);
  }
  const messages: Message[] = [];
  const extras: Record<string, JsonValue> = {};
  for (const [i, entry] of value.entries()) {
    const at = `${where}[${i}]`;
    if (!isRecord(entry)) {
      return refuse('wrong-columns', `${at} is ${kindOf(entry)}; expected {role, content}`);
    }
    const { role, content, ...others } = entry;
    if (role === undefined || (content === undefined && !hasMeaning(others))) {
      return refuse('wrong-columns', `${at} has ${listKeys(entry)}; expected the keys role, content`);
    }
    if (!isRole(role)) {
      return refuse(
        'unsupported-message',
        `${at} has the role ${JSON.stringify(role)}; expected one of ${ROLES.join(', ')}`,
      );
    }
    const key = MEANINGFUL_KEYS.find((name) => !isNothing(others[name]));
    if (key !== undefined) {
      return refuse(
        'unsupported-message',
        `${at} (${role}) carries "${key}", which cannot be kept; expected role and content only`,
      );
    }
    const text = textOf(content ?? null, at);
    if (typeof text !== 'string') return text;
    messages.push({ role, content: text });
    for (const [name, other] of Object.entries(others)) {
      if (!isNothing(other)) extras[`${at}.${name}`] = other;
    }
  }
  return { ok: true, messages, extras };
}

/** What a JSON value is, in words, for errors: a list, an object with its keys, a text ... */
export function kindOf(value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return `an object with ${listKeys(value)}`;
  return typeof value === 'string' ? 'a text' : `the ${typeof value} ${value}`;
}

/** True for what says nothing: null, "", [], {}. */
export function isNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function isRecord(value: unknown): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(content: JsonValue, at: string): string | Extract<ReadMessages, { ok: false }> {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) {
    return refuse('wrong-columns', `${at}.content is ${kindOf(content)}; expected text`);
  }
  let text = '';
  for (const [i, part] of content.entries()) {
    const isText = isRecord(part) && (part.type ?? 'text') === 'text' && typeof part.text === 'string';
    if (isText) text += part.text;
    else {
      const kind = isRecord(part) && typeof part.type === 'string' ? `of type "${part.type}"` : kindOf(part);
      return refuse(
        'unsupported-message',
        `${at}.content[${i}] is ${kind}; expected parts of type "text" only`,
      );
    }
  }
  return text;
}

function hasMeaning(others: Record<string, JsonValue>): boolean {
  return MEANINGFUL_KEYS.some((name) => !isNothing(others[name]));
}

function isRole(role: JsonValue): role is Message['role'] {
  return (ROLES as readonly JsonValue[]).includes(role);
}

function listKeys(value: Record<string, JsonValue>): string {
  const keys = Object.keys(value);
  if (keys.length === 0) return 'no keys';
  const shown = keys.slice(0, 12).join(', ');
  return `the keys ${shown}${keys.length > 12 ? ` and ${keys.length - 12} more` : ''}`;
}

function refuse(reason: ReasonCode, detail: string): Extract<ReadMessages, { ok: false }> {
  return { ok: false, reason, detail };
}
