import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { HELP_PAGES, HELP_PICTURE, type HelpPage, helpAddress } from './help-pages.ts';

const PICTURES = 'docs/guide/pictures';
const pages = Object.keys(HELP_PAGES) as HelpPage[];
/** link and picture targets outside of code */
const targetsOf = (text: string) =>
  [...text.replace(/```[\s\S]*?```|`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(
    ([, href]) => href as string,
  );

describe('the help pages', () => {
  it('name pictures and files that are there', () => {
    const dead = pages.flatMap((page) => {
      const { file } = HELP_PAGES[page];
      return targetsOf(readFileSync(file, 'utf8'))
        .filter((href) => !/^(https?:|#)/.test(href))
        .filter((href) => !existsSync(path.join(path.dirname(file), href.replace(/#.*$/, ''))))
        .map((href) => `${file}: ${href}`);
    });
    expect(dead).toEqual([]);
  });

  it('have pictures that are all used, by names that are served, of 100 KB at most', () => {
    const used = pages
      .flatMap((page) => targetsOf(readFileSync(HELP_PAGES[page].file, 'utf8')))
      .filter((href) => href.startsWith('pictures/'))
      .map((href) => href.slice('pictures/'.length));
    const there = readdirSync(PICTURES);
    expect([...new Set(used)].sort()).toEqual(there.sort());
    expect(there.filter((name) => !HELP_PICTURE.test(name))).toEqual([]);
    const heavy = there.filter((name) => statSync(path.join(PICTURES, name)).size > 100_000);
    expect(heavy).toEqual([]);
  });

  it('lead to one another and to pictures, and nowhere else', () => {
    expect(helpAddress('annotator', 'pictures/label.webp')).toBe('/api/help/label.webp');
    expect(helpAddress('operator', '../operating.md#back-up')).toBe('/help/operating#back-up');
    expect(helpAddress('auditor', '../../SECURITY.md')).toBe('/help/security');
    expect(helpAddress('operating', '#watch')).toBe('#watch');
    for (const href of [
      'https://evil.example/x.webp',
      '//evil.example',
      'javascript:alert(1)',
      'data:text/html,x',
      'pictures/../../../package.json',
      'pictures/../label.webp',
      '../../package.json',
      '/etc/passwd',
    ])
      expect(helpAddress('annotator', href), href).toBeNull();
  });
});
