'use client';

import { CopyIcon } from 'lucide-react';
import { stringify } from 'yaml';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { useToast } from '@/app/_ui/toast.tsx';

/** The config as YAML, as `npm run train -- <recipe> --config` reads it. */
export function ConfigYaml({ config, title = 'As YAML' }: { config: unknown; title?: string }) {
  const toast = useToast();
  const text = stringify(config);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => toast('Copied'),
      () => toast('The browser did not allow copying', { tone: 'danger' }),
    );
  };
  return (
    <Card>
      <CardHeader>
        <CardTitle>{title}</CardTitle>
        <Button variant="outline" size="sm" onClick={copy}>
          <CopyIcon aria-hidden /> Copy
        </Button>
      </CardHeader>
      <CardContent>
        <section
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable box must be reachable by keyboard
          tabIndex={0}
          aria-label="Config as YAML"
          className="max-h-80 overflow-auto rounded-md bg-muted p-3"
        >
          <pre className="font-mono text-xs">{text}</pre>
        </section>
      </CardContent>
    </Card>
  );
}
