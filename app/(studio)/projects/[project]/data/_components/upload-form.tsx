'use client';

import { useQueryClient } from '@tanstack/react-query';
import { UploadIcon } from 'lucide-react';
import { useRef, useState, useSyncExternalStore } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Field, FormError } from '@/app/_ui/field.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { importFormats } from '@/lib/formats/import-formats.ts';
import { suggestFormat } from '@/lib/formats/suggest-format.ts';
import { IMPORT_FORMATS, type ImportFormat } from '@/lib/import-formats.ts';
import { formatBytes } from './format-bytes.ts';
import { readBeginning } from './read-beginning.ts';
import { uploadFile } from './upload-file.ts';

type Sending = { sent: number; total: number; startedAt: number };

/** Chooses a file and its format, sends it, and shows how far it is. Reading the rows is the worker's work. */
export function UploadForm({ projectId }: { projectId: string }) {
  // a file chosen before the page has come to life would be lost, since React may draw the field anew
  const isAlive = useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  );
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState<ImportFormat | ''>('');
  const [sending, setSending] = useState<Sending | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isOver, setOver] = useState(false);
  const abort = useRef<AbortController | null>(null);
  const input = useRef<HTMLInputElement>(null);
  /** the file chosen last, while an earlier one is still looked into */
  const latest = useRef<File | null>(null);
  const queryClient = useQueryClient();
  const trpc = useTRPC();

  const choose = async (chosen: File | null) => {
    setFile(chosen);
    setError(null);
    // what fitted the file before says nothing of this one
    setFormat('');
    latest.current = chosen;
    if (chosen === null) return;
    const start = await readBeginning(chosen);
    if (latest.current === chosen) setFormat(suggestFormat(chosen.name, start) ?? '');
  };

  const send = async () => {
    if (file === null || format === '') return;
    abort.current = new AbortController();
    const startedAt = Date.now();
    setSending({ sent: 0, total: file.size, startedAt });
    setError(null);
    try {
      await uploadFile({
        file,
        projectId,
        format,
        onProgress: (sent) => setSending({ sent, total: file.size, startedAt }),
        signal: abort.current.signal,
      });
      await choose(null);
      if (input.current !== null) input.current.value = '';
    } catch (problem) {
      setError(problem instanceof Error ? problem.message : String(problem));
    } finally {
      setSending(null);
      await fetchAnew(queryClient, trpc.imports.list.queryKey({ projectId }));
    }
  };

  return (
    <Card
      aria-labelledby="import-title"
      className={isOver ? 'border-primary' : undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void choose(event.dataTransfer.files[0] ?? null);
      }}
    >
      <CardHeader>
        <div>
          <CardTitle id="import-title">Import a file</CardTitle>
          <CardDescription>
            JSON lines, a JSON list, CSV, TSV or text, plain or gzip, up to 4 GiB. Rows that cannot be taken
            are kept with the reason. Importing the same file twice adds nothing.
          </CardDescription>
        </div>
      </CardHeader>
      <CardContent>
        <form
          className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.4fr)_auto]"
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <Field
            label="File"
            hint={file === null ? 'Choose one, or drop it here.' : `${file.name}, ${formatBytes(file.size)}`}
          >
            <Input
              ref={input}
              type="file"
              className="h-auto py-1.5"
              disabled={!isAlive}
              accept=".jsonl,.ndjson,.json,.txt,.csv,.tsv,.gz"
              onChange={(event) => void choose(event.target.files?.[0] ?? null)}
            />
          </Field>
          <Field
            label="Format"
            hint={
              format !== ''
                ? importFormats[format].caption
                : file === null
                  ? 'Suggested from the file once it is chosen.'
                  : 'Nothing in the file speaks for one of the formats: choose.'
            }
          >
            <Select value={format} onChange={(event) => setFormat(event.target.value as ImportFormat | '')}>
              <option value="">Choose…</option>
              {IMPORT_FORMATS.map((name) => (
                <option key={name} value={name}>
                  {importFormats[name].title}
                </option>
              ))}
            </Select>
          </Field>
          <Button
            type="submit"
            className="lg:mt-6.5"
            disabled={file === null || format === ''}
            isBusy={sending !== null}
          >
            <UploadIcon aria-hidden /> Import
          </Button>
        </form>
        {sending !== null && (
          <div className="mt-4 flex items-center gap-3" aria-live="polite">
            <Progress value={sending.sent} max={sending.total} label="Sending the file" />
            <span className="whitespace-nowrap text-muted-foreground text-sm tabular-nums">
              {formatBytes(sending.sent)} of {formatBytes(sending.total)}
              {remaining(sending)}
            </span>
            <Button size="sm" variant="outline" onClick={() => abort.current?.abort()}>
              Stop
            </Button>
          </div>
        )}
        {error !== null && (
          <div className="mt-4">
            <FormError>{error}</FormError>
          </div>
        )}
      </CardContent>
    </Card>
  );
}

function remaining({ sent, total, startedAt }: Sending): string {
  const passed = (Date.now() - startedAt) / 1000;
  if (sent === 0 || passed < 1) return '';
  const seconds = Math.ceil((passed / sent) * (total - sent));
  return seconds > 90 ? `, ${Math.ceil(seconds / 60)} min left` : `, ${seconds} s left`;
}
