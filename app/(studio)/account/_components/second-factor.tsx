'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { CopyField } from '@/app/_ui/copy-field.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Input } from '@/app/_ui/input.tsx';

/** Turning codes from an app on and off, and the codes for who loses it. */
export function SecondFactor({
  isOn,
  hasPassword,
  numRecoveryCodes,
}: {
  isOn: boolean;
  hasPassword: boolean;
  numRecoveryCodes: number;
}) {
  const [codes, setCodes] = useState<string[]>();
  return (
    <Card aria-labelledby="second-factor">
      <CardHeader>
        <div>
          <CardTitle id="second-factor" className="flex items-center gap-2">
            Second factor {isOn ? <Badge tone="success">on</Badge> : <Badge>off</Badge>}
          </CardTitle>
          <CardDescription>
            A code from an app on your phone, asked for after the password when you sign in.
          </CardDescription>
        </div>
      </CardHeader>
      <CardContent className="grid gap-4">
        {codes ? <RecoveryCodes codes={codes} /> : null}
        {isOn ? (
          <WhenOn numRecoveryCodes={numRecoveryCodes} onCodes={setCodes} />
        ) : hasPassword ? (
          <WhenOff onCodes={setCodes} />
        ) : (
          <p className="text-sm text-muted-foreground">
            Single sign-on asks for its own second factor. Set a password here first to use one with it.
          </p>
        )}
      </CardContent>
    </Card>
  );
}

function RecoveryCodes({ codes }: { codes: string[] }) {
  return (
    <div className="grid gap-2 rounded-md border border-primary/40 bg-primary/5 p-3">
      <p className="text-sm">
        Keep these recovery codes away from the phone: each signs you in once without it. They are not shown
        again.
      </p>
      <ul className="grid grid-cols-2 gap-x-4 gap-y-1 font-mono text-sm" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </div>
  );
}

function WhenOff({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const begin = useMutation(trpc.users.beginSecondFactor.mutationOptions());
  const confirm = useMutation(
    trpc.users.confirmSecondFactor.mutationOptions({
      onSuccess({ recoveryCodes }) {
        onCodes(recoveryCodes);
        router.refresh();
      },
    }),
  );
  if (!begin.data) {
    return (
      <>
        <CallError error={begin.error} />
        <Button className="justify-self-start" isBusy={begin.isPending} onClick={() => begin.mutate()}>
          Turn on
        </Button>
      </>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    confirm.mutate({ code: String(new FormData(event.currentTarget).get('code')) });
  };
  return (
    <form onSubmit={submit} className="grid max-w-sm gap-4">
      <p className="text-sm">
        Scan this with your app, or type the key into it; then enter the code it shows.
      </p>
      {/* biome-ignore lint/performance/noImgElement: a data URL; as an image nothing in it can run */}
      <img
        className="w-44 rounded-md border bg-white"
        alt="QR code of the key below"
        src={`data:image/svg+xml;utf8,${encodeURIComponent(begin.data.qrSvg)}`}
      />
      <CopyField label="Key" value={begin.data.secret} />
      <Field label="Code">
        <Input
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9]{6}"
          maxLength={6}
          required
        />
      </Field>
      <CallError error={confirm.error} />
      <Button type="submit" className="justify-self-start" isBusy={confirm.isPending}>
        Turn on
      </Button>
    </form>
  );
}

function WhenOn({
  numRecoveryCodes,
  onCodes,
}: {
  numRecoveryCodes: number;
  onCodes: (codes: string[] | undefined) => void;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const [password, setPassword] = useState('');
  const after = (codes: string[] | undefined) => {
    setPassword('');
    onCodes(codes);
    router.refresh();
  };
  const anew = useMutation(
    trpc.users.newRecoveryCodes.mutationOptions({ onSuccess: ({ recoveryCodes }) => after(recoveryCodes) }),
  );
  const turnOff = useMutation(
    trpc.users.turnOffSecondFactor.mutationOptions({ onSuccess: () => after(undefined) }),
  );
  const error = turnOff.error ?? anew.error;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        anew.mutate({ password });
      }}
      className="grid max-w-sm gap-4"
    >
      <p className="text-sm">
        {numRecoveryCodes === 1 ? '1 recovery code is' : `${numRecoveryCodes} recovery codes are`} left.
      </p>
      <Field label="Password" hint="Asked for again, since a browser left open must not be enough.">
        <Input
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      <CallError error={error} />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="outline" isBusy={anew.isPending}>
          New recovery codes
        </Button>
        <Button
          type="button"
          variant="destructive"
          isBusy={turnOff.isPending}
          onClick={() => turnOff.mutate({ password })}
        >
          Turn off
        </Button>
      </div>
    </form>
  );
}
