import fc from 'fast-check';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { MarkdownText } from './markdown-text.tsx';

const render = (text: string) => renderToStaticMarkup(<MarkdownText text={text} />);

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<iframe src="https://evil.example"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
  '[x](javascript:alert(1))',
  '[x](data:text/html;base64,PHNjcmlwdD4=)',
  '![x](https://evil.example/pixel.png)',
  '![x](javascript:alert(1))',
  '<style>body{display:none}</style>',
  '<form action="https://evil.example"><input></form>',
  '<https://evil.example>',
  '[ref]\n\n[ref]: https://evil.example "t"',
  '- [x] <b onclick=alert(1)>done</b>',
  '|a|\n|-|\n|<img src=x onerror=alert(1)>|',
];
/** elements that run, load or lead somewhere */
const DANGER =
  /<(script|img|svg|iframe|a|style|form|input|object|embed|link|video|audio)\b|\shref=|\ssrc=|\son\w+=/i;
/** what a reader would see as markup is only what stands between < and > unescaped */
const tagsOf = (html: string) => (html.match(/<[^>]*>/g) ?? []).join('');

describe('markdown of responses', () => {
  it.each(HOSTILE)('makes nothing that runs, loads or leads away of %s', (text) => {
    expect(tagsOf(render(text))).not.toMatch(DANGER);
  });

  it('shows raw HTML as the text it is', () => {
    expect(render('a <script>alert(1)</script> b')).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('shows where a link leads without making it clickable', () => {
    expect(render('[my bank](https://evil.example/login)')).toContain('https://evil.example/login');
    expect(render('[my bank](https://evil.example/login)')).not.toContain('<a');
  });

  it('names a picture and its address without loading it', () => {
    const html = render('![a cat](https://evil.example/cat.png)');
    expect(html).toContain('a cat');
    expect(html).toContain('https://evil.example/cat.png');
    expect(html).not.toContain('<img');
  });

  it('renders what markdown is for: lists, tables, code', () => {
    expect(render('1. one\n2. two')).toMatch(/<ol[^>]*>\s*<li>one/);
    expect(render('|a|b|\n|-|-|\n|1|2|')).toContain('<td');
    expect(render('```\nx < 1\n```')).toContain('x &lt; 1');
  });

  it('stays harmless for pieces of the above in any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...HOSTILE, '\n', '`', '[', ']', '(', ')', '<', '>', '"'), { maxLength: 8 }),
        (parts) => {
          expect(tagsOf(render(parts.join('')))).not.toMatch(DANGER);
        },
      ),
    );
  });
});
