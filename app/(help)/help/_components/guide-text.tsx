import Markdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { type HelpPage, helpAddress } from '@/lib/help-pages.ts';

/**
 * A document of the repository. Raw HTML stays visible text; pictures are those of the guides, and links lead to other help pages:
 * whatever lies elsewhere is named and not linked, so that nothing here depends on the internet.
 */
export function GuideText({ page, text }: { page: HelpPage; text: string }) {
  const components: Components = {
    a: ({ href = '', children }) => {
      const address = helpAddress(page, href);
      if (address === null) return <span title={href}>{children}</span>;
      return (
        <a href={address} className="text-primary underline underline-offset-2">
          {children}
        </a>
      );
    },
    img: ({ src, alt }) => {
      const address = typeof src === 'string' ? helpAddress(page, src) : null;
      if (address === null) return <span>{alt}</span>;
      return (
        // biome-ignore lint/performance/noImgElement: small files of our own, which need no optimizer
        <img
          src={address}
          alt={alt ?? ''}
          loading="lazy"
          className="my-2 block h-auto max-h-[40rem] max-w-full rounded-lg border shadow-sm"
        />
      );
    },
    h1: ({ children }) => <h1 className="text-2xl font-semibold">{children}</h1>,
    h2: ({ children }) => <h2 className="mt-8 mb-2 text-lg font-semibold">{children}</h2>,
    h3: ({ children }) => <h3 className="mt-5 mb-1 font-semibold">{children}</h3>,
    p: ({ children }) => <p className="my-3">{children}</p>,
    ul: ({ children }) => <ul className="my-3 list-disc space-y-1.5 ps-5">{children}</ul>,
    ol: ({ children }) => <ol className="my-3 list-decimal space-y-1.5 ps-6">{children}</ol>,
    code: ({ children }) => (
      <code className="rounded-sm bg-muted px-1 font-mono text-[0.9em]">{children}</code>
    ),
    pre: ({ children }) => (
      <pre
        className="my-3 overflow-x-auto rounded-md bg-muted p-3 font-mono text-sm [&_code]:px-0"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        {children}
      </pre>
    ),
    table: ({ children }) => (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
      <div className="my-3 overflow-x-auto" tabIndex={0}>
        <table className="border-collapse text-sm">{children}</table>
      </div>
    ),
    th: ({ children }) => <th className="border px-2 py-1 text-start align-top font-semibold">{children}</th>,
    td: ({ children }) => <td className="border px-2 py-1 align-top">{children}</td>,
  };
  return (
    <div className="min-w-0 break-words leading-relaxed">
      <Markdown remarkPlugins={[remarkGfm]} components={components}>
        {text}
      </Markdown>
    </div>
  );
}
