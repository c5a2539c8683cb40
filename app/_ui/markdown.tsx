import ReactMarkdown from 'react-markdown';
import remarkGfm from 'remark-gfm';

/** Markdown written by members of the project. Raw HTML shows as the text it is; pictures are not loaded. */
export function Markdown({ text }: { text: string }) {
  return (
    <div
      dir="auto"
      className="grid max-w-prose gap-2.5 text-sm leading-relaxed break-words [&_a]:text-primary [&_a]:underline [&_code]:rounded-sm [&_code]:bg-muted [&_code]:px-1 [&_code]:font-mono [&_code]:text-xs [&_h1]:text-base [&_h1]:font-semibold [&_h2]:font-semibold [&_h3]:font-medium [&_li]:my-0.5 [&_ol]:list-decimal [&_ol]:ps-5 [&_pre]:overflow-x-auto [&_pre]:rounded-md [&_pre]:bg-muted [&_pre]:p-3 [&_ul]:list-disc [&_ul]:ps-5"
    >
      <ReactMarkdown remarkPlugins={[remarkGfm]} disallowedElements={['img']} unwrapDisallowed>
        {text}
      </ReactMarkdown>
    </div>
  );
}
