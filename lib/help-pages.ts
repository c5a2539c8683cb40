/** What can be read under /help: documents of the repository, so that nobody needs the internet for them. */
export const HELP_PAGES = {
  annotator: { title: 'Guide for annotators', file: 'docs/guide/annotator.md' },
  researcher: { title: 'Guide for researchers', file: 'docs/guide/researcher.md' },
  auditor: { title: 'Guide for auditors', file: 'docs/guide/auditor.md' },
  operator: { title: 'Guide for operators', file: 'docs/guide/operator.md' },
  operating: { title: 'Operating', file: 'docs/operating.md' },
  formats: { title: 'File formats', file: 'docs/formats.md' },
  recipes: { title: 'Recipes', file: 'docs/recipes.md' },
  metrics: { title: 'Metrics', file: 'docs/metrics.md' },
  security: { title: 'Security', file: 'SECURITY.md' },
} as const;

export type HelpPage = keyof typeof HELP_PAGES;

export function isHelpPage(name: string): name is HelpPage {
  return Object.hasOwn(HELP_PAGES, name);
}

/** A picture of the guides: one of these names, or it is none. */
export const HELP_PICTURE = /^[a-z0-9-]{1,60}\.webp$/;

/**
 * Where a link or a picture of a help page leads on the pages: to another of them, to a place on the same one, or to a picture.
 * Null for everything else, files of the repository that are not served among them.
 */
export function helpAddress(page: HelpPage, href: string): string | null {
  if (/^#[\w-]+$/.test(href)) return href;
  if (!/^[\w./-]+(#[\w-]*)?$/.test(href)) return null;
  const { pathname, hash } = new URL(href, `http://here.invalid/${HELP_PAGES[page].file}`);
  const picture = /^\/docs\/guide\/pictures\/([^/]+)$/.exec(pathname)?.[1];
  if (picture !== undefined) return HELP_PICTURE.test(picture) ? `/api/help/${picture}` : null;
  const target = Object.entries(HELP_PAGES).find(([, { file }]) => `/${file}` === pathname)?.[0];
  return target === undefined ? null : `/help/${target}${hash}`;
}
