/** A part of docs/metrics.md under one second-level heading. */
export type MetricSection = { slug: string; text: string; names: string[] };

/**
 * docs/metrics.md in parts, each with the names it defines: the code in the first cell of a table's row, and the figures of
 * an evaluation, which are named in a sentence.
 */
export function metricSections(markdown: string): MetricSection[] {
  return markdown.split(/^(?=## )/m).map((text) => ({
    slug: /^## ([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? 'about',
    text,
    names: [
      ...[...text.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) =>
        [...(cell ?? '').matchAll(/`([^`]+)`/g)].flatMap(([, name]) => name ?? []),
      ),
      ...[...text.matchAll(/`(eval\/[^`]+)`/g)].flatMap(([, name]) => name ?? []),
    ],
  }));
}

/** Where the definition of a logged name is on the page of definitions. */
export function metricAnchor(slug: string, name: string): string {
  return `${slug}-${name.replaceAll('/', '-')}`;
}
