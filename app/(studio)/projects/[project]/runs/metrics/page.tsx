import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Metadata } from 'next';
import ReactMarkdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { requireProject } from '@/app/_trpc/server.ts';
import { metricAnchor, metricSections } from './_components/metric-sections.ts';

export const metadata: Metadata = { title: 'What the figures mean' };

/** docs/metrics.md as a page: every name that a chart shows links to its row here. */
export default async function MetricsPage({ params }: { params: Promise<{ project: string }> }) {
  await requireProject((await params).project);
  const sections = metricSections(readFileSync(path.join(process.cwd(), 'docs/metrics.md'), 'utf8'));
  const taken = new Set<string>();
  return (
    <div className="grid max-w-5xl gap-6 text-sm leading-relaxed">
      {sections.map(({ slug, text, names }) => (
        <section key={text.slice(0, 80)} className="grid min-w-0 gap-3">
          <ReactMarkdown
            remarkPlugins={[remarkGfm]}
            components={{
              h1: ({ children }) => <h1 className="text-xl font-semibold">{children}</h1>,
              h2: ({ children }) => <h2 className="mt-2 text-base font-semibold">{children}</h2>,
              p: ({ children }) => <p className="max-w-prose text-muted-foreground">{children}</p>,
              table: ({ children }) => (
                <section
                  className="overflow-x-auto rounded-lg border bg-card"
                  aria-label={`Figures of ${slug}`}
                  // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable box must be reachable by keyboard
                  tabIndex={0}
                >
                  <table className="w-full border-collapse">{children}</table>
                </section>
              ),
              th: ({ children }) => (
                <th
                  scope="col"
                  className="border-b px-3 py-1.5 text-left text-xs font-medium text-muted-foreground"
                >
                  {children}
                </th>
              ),
              td: ({ children }) => <td className="border-b px-3 py-2 align-top">{children}</td>,
              code: ({ children }) => {
                const name = String(children);
                const anchor = metricAnchor(slug, name);
                // the first mention of a defined name is its definition
                const isDefinition = names.includes(name) && !taken.has(anchor);
                if (isDefinition) taken.add(anchor);
                return (
                  <code
                    id={isDefinition ? anchor : undefined}
                    className="scroll-mt-20 rounded-sm bg-muted px-1 font-mono text-xs target:bg-primary/20"
                  >
                    {children}
                  </code>
                );
              },
            }}
          >
            {text}
          </ReactMarkdown>
        </section>
      ))}
    </div>
  );
}
