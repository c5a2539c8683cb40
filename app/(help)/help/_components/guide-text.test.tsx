import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { GuideText } from './guide-text.tsx';

const render = (text: string) => renderToStaticMarkup(<GuideText page="annotator" text={text} />);

it('shows pictures of the guides and leads to help pages', () => {
  expect(render('![Four answers](pictures/label.webp)')).toContain('src="/api/help/label.webp"');
  expect(render('[operating](../operating.md)')).toContain('href="/help/operating"');
});

it.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](https://evil.example)',
  '![x](https://evil.example/pixel.png)',
  '[x](data:text/html;base64,PHNjcmlwdD4=)',
])('runs and loads nothing of %s', (text) => {
  const tags = (render(text).match(/<[^>]*>/g) ?? []).join('');
  expect(tags).not.toMatch(/<(script|img|a|iframe)\b|\shref=|\ssrc=|\son\w+=/i);
});
