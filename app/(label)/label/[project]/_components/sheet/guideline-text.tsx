import { MarkdownText } from '@/app/_ui/markdown-text.tsx';

export function GuidelineText({ text }: { text: string }) {
  if (text.trim() === '')
    return <p className="text-muted-foreground text-sm">The researchers have not written guidelines yet.</p>;
  return <MarkdownText text={text} />;
}
