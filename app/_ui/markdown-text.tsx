import Markdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';

/**
 * Markdown written by a model or a stranger. Raw HTML stays visible text, links are not clickable and show where they
 * would lead, pictures are named but never loaded: a response must not be able to report who reads it.
 *
 * Lists and quotes stand on the side of the text's first strong letter; each line finds its own direction (globals.css).
 */
const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <span>
      <span className="underline decoration-dotted underline-offset-2">{children}</span>
      {href !== undefined && href !== '' && textOf(children) !== href && (
        <code className="ml-1 break-all text-muted-foreground text-xs">{href}</code>
      )}
    </span>
  ),
  img: ({ src, alt }) => (
    <span className="inline-block rounded border border-border border-dashed px-1.5 py-0.5 text-muted-foreground text-xs">
      Picture, not loaded: {alt === undefined || alt === '' ? 'no description' : alt}{' '}
      <code className="break-all">{typeof src === 'string' ? src : ''}</code>
    </span>
  ),
  // headings inside a response must not disturb the outline of the page
  h1: ({ children }) => <p className="mt-4 mb-2 font-semibold text-lg">{children}</p>,
  h2: ({ children }) => <p className="mt-4 mb-2 font-semibold text-base">{children}</p>,
  h3: ({ children }) => <p className="mt-3 mb-1 font-semibold">{children}</p>,
  h4: ({ children }) => <p className="mt-3 mb-1 font-semibold">{children}</p>,
  h5: ({ children }) => <p className="mt-3 mb-1 font-semibold">{children}</p>,
  h6: ({ children }) => <p className="mt-3 mb-1 font-semibold">{children}</p>,
  // models break lines with single newlines and mean it; the newline after a hard break is then the break itself
  p: ({ children }) => <p className="my-2 whitespace-pre-line first:mt-0 last:mb-0">{children}</p>,
  br: () => null,
  ul: ({ children }) => <ul className="my-2 list-disc space-y-1 ps-5">{children}</ul>,
  ol: ({ children, start }) => (
    <ol className="my-2 list-decimal space-y-1 ps-6" start={start}>
      {children}
    </ol>
  ),
  blockquote: ({ children }) => (
    <blockquote className="my-2 border-border border-s-2 ps-3 text-muted-foreground">{children}</blockquote>
  ),
  pre: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <pre className="my-2 overflow-x-auto rounded bg-muted p-3 font-mono text-[0.85em]" tabIndex={0}>
      {children}
    </pre>
  ),
  code: ({ children }) => <code className="font-mono text-[0.9em]">{children}</code>,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <div className="my-2 overflow-x-auto" tabIndex={0}>
      <table className="border-collapse text-sm">{children}</table>
    </div>
  ),
  th: ({ children }) => (
    <th className="border border-border px-2 py-1 text-start font-semibold">{children}</th>
  ),
  td: ({ children }) => <td className="border border-border px-2 py-1">{children}</td>,
  hr: () => <hr className="my-3 border-border" />,
  // a task list shows its marks as text: nothing here can be ticked
  input: ({ checked }) => <span>{checked === true ? '☑ ' : '☐ '}</span>,
};

const PLUGINS = [remarkGfm];

export function MarkdownText({ text }: { text: string }) {
  return (
    <div dir="auto" className="min-w-0 max-w-[72ch] break-words text-[0.9375rem] leading-relaxed">
      <Markdown remarkPlugins={PLUGINS} components={COMPONENTS}>
        {text}
      </Markdown>
    </div>
  );
}

function textOf(children: React.ReactNode): string | null {
  return typeof children === 'string' ? children : null;
}
