import { MarkdownText } from './markdown-text.tsx';

const ROLE_NAMES = { system: 'System', user: 'Person', assistant: 'Assistant' } as const;

/** The conversation that the responses continue. */
export function PromptView({
  messages,
}: {
  messages: readonly { role: 'system' | 'user' | 'assistant'; content: string }[];
}) {
  const isPlain = messages.length === 1 && messages[0]?.role === 'user';
  return (
    <ol className="grid max-w-[75ch] gap-3">
      {messages.map((message, index) => (
        // messages have no ids and never move
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is fixed
        <li key={index} data-turn className={message.role === 'assistant' ? 'border-s-2 ps-3' : ''}>
          {!isPlain && (
            <p className="font-medium text-muted-foreground text-xs">{ROLE_NAMES[message.role]}</p>
          )}
          <MarkdownText text={message.content} />
        </li>
      ))}
    </ol>
  );
}
