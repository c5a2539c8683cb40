'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { FormDialog } from '@/app/(studio)/projects/[project]/_components/form-dialog.tsx';
import { modelFileKind } from '@/lib/model-files.ts';
import { addModelInput } from '@/server/models/schemas.ts';
import type { AppRouter } from '@/server/root.ts';
import { uploadModelFile } from './upload-model-file.ts';

type Models = inferRouterOutputs<AppRouter>['models']['list'];
type From = 'hub' | 'folder' | 'upload';

const WAYS: Record<From, string> = {
  hub: 'By name from the Hugging Face Hub',
  folder: 'From a folder of this machine',
  upload: 'By upload',
};
const KINDS = {
  '': 'As its config.json says',
  'language-model': 'Language model',
  'reward-model': 'Reward model',
  adapter: 'LoRA adapter (PEFT)',
} as const;

/** Adds a model of one's own: by name, from a folder that the operator offers, or by upload. */
export function AddModelDialog({ projectId, models }: { projectId: string; models: Models }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [from, setFrom] = useState<From>('hub');
  const [typed, setTyped] = useState({ name: '', revision: 'main', folder: '', modelName: '', licence: '' });
  const [kind, setKind] = useState<keyof typeof KINDS>('');
  const [base, setBase] = useState('');
  const [files, setFiles] = useState<File[]>([]);
  const [sent, setSent] = useState<number | null>(null);
  const set = (name: keyof typeof typed) => (event: { target: { value: string } }) =>
    setTyped({ ...typed, [name]: event.target.value });
  const folders = useQuery({
    ...trpc.models.folders.queryOptions({ projectId }),
    enabled: isOpen && from === 'folder',
  });
  const add = useMutation(trpc.models.add.mutationOptions());
  const finish = useMutation(trpc.models.finishUpload.mutationOptions());
  const cancel = useMutation(trpc.models.cancelAdding.mutationOptions());

  const source =
    from === 'hub'
      ? { from, name: typed.name.trim(), revision: typed.revision.trim() || 'main' }
      : from === 'folder'
        ? { from, folder: typed.folder }
        : { from, files: files.map(({ name }) => name) };
  const suggested = (
    from === 'hub' ? typed.name : from === 'folder' ? typed.folder : files[0]?.name.replace(/\.zip$/i, '')
  )
    ?.split('/')
    .at(-1)
    ?.trim();
  const request = addModelInput.safeParse({
    projectId,
    modelName: typed.modelName.trim() || (suggested ?? ''),
    kind: kind === '' ? null : kind,
    baseCheckpointId: kind === 'adapter' && base !== '' ? base : null,
    licence: typed.licence.trim() || null,
    source,
  });
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);

  const start = useMutation({
    mutationFn: async () => {
      if (!request.success) return;
      const { registrationId } = await add.mutateAsync(request.data);
      if (from !== 'upload') return;
      const input = { projectId, registrationId };
      try {
        let before = 0;
        setSent(0);
        for (const file of files) {
          await uploadModelFile({ ...input, file, onProgress: (bytes) => setSent(before + bytes) });
          before += file.size;
        }
        await finish.mutateAsync(input);
      } catch (error) {
        // nothing is left waiting for files that do not come
        await cancel.mutateAsync(input).catch(() => undefined);
        throw error;
      } finally {
        setSent(null);
      }
    },
    onSuccess: () => setIsOpen(false),
    onSettled: () => fetchAnew(queryClient, trpc.models.registrations.queryKey({ projectId })),
  });

  return (
    <FormDialog
      open={isOpen}
      onOpenChange={(open) => (start.isPending ? undefined : setIsOpen(open))}
      trigger={<Button>Add a model</Button>}
      title="Add a model"
      description="Llama and GPT-2 families in Hugging Face’s layout. Config, tokenizer and every weight are checked and the model is tried out before it is registered."
      call={start}
      onSubmit={() => start.mutate()}
      submit={{ disabled: !request.success || (kind === 'adapter' && base === ''), children: 'Add' }}
    >
      <Field label="Where it comes from">
        <Select value={from} onChange={(event) => setFrom(event.target.value as From)}>
          {Object.entries(WAYS).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </Select>
      </Field>
      {from === 'hub' ? (
        <div className="grid gap-4 sm:grid-cols-[2fr_1fr]">
          <Field
            label="Name on the hub"
            hint="organisation/model. A token, where one is needed, is the operator’s: HF_TOKEN."
          >
            <Input value={typed.name} onChange={set('name')} placeholder="HuggingFaceTB/SmolLM2-135M" />
          </Field>
          <Field label="Revision" hint="Branch, tag or commit.">
            <Input value={typed.revision} onChange={set('revision')} />
          </Field>
        </div>
      ) : null}
      {from === 'folder' ? (
        <Field
          label="Folder"
          hint={
            folders.data?.folders.length === 0
              ? 'There is none: put a model folder into models/ of the data folder, or name others in PLUMBLINE_MODEL_ROOTS.'
              : 'Below the roots that the operator names.'
          }
          error={folders.error ? errorText(folders.error) : undefined}
        >
          <Select value={typed.folder} onChange={set('folder')}>
            <option value="">{folders.isFetching ? 'Looking …' : 'Choose one'}</option>
            {folders.data?.folders.map((folder) => (
              <option key={folder} value={folder}>
                {folder}
              </option>
            ))}
          </Select>
        </Field>
      ) : null}
      {from === 'upload' ? (
        <Field
          label="Files"
          hint="One zip, or config.json, the tokenizer’s files and the safetensors. Other files are left out."
        >
          <Input
            type="file"
            multiple
            className="h-auto py-1.5"
            onChange={(event) => setFiles(chosen([...(event.target.files ?? [])]))}
          />
        </Field>
      ) : null}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Name here"
          hint={typed.modelName === '' && suggested ? `Else: ${suggested}` : undefined}
        >
          <Input value={typed.modelName} onChange={set('modelName')} />
        </Field>
        <Field label="Licence" hint="Where its model card names none.">
          <Input value={typed.licence} onChange={set('licence')} />
        </Field>
        <Field label="Kind">
          <Select value={kind} onChange={(event) => setKind(event.target.value as keyof typeof KINDS)}>
            {Object.entries(KINDS).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </Select>
        </Field>
        {kind === 'adapter' ? (
          <Field label="Trained on" hint="The adapter is merged into it.">
            <Select value={base} onChange={(event) => setBase(event.target.value)}>
              <option value="">Choose a checkpoint</option>
              {models.flatMap((model) =>
                model.checkpoints.map((checkpoint) => (
                  <option key={checkpoint.id} value={checkpoint.id}>
                    {model.name}, step {checkpoint.step}
                  </option>
                )),
              )}
            </Select>
          </Field>
        ) : null}
      </div>
      {sent !== null ? <Progress label="Sending the files" value={sent} max={totalBytes} /> : null}
    </FormDialog>
  );
}

/** A zip, or the files of a model folder among those chosen. */
function chosen(files: File[]): File[] {
  const zip = files.find(({ name }) => /\.zip$/i.test(name));
  return zip ? [zip] : files.filter(({ name }) => modelFileKind(name) !== null);
}
