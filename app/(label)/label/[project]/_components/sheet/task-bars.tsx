import { History, TimerOff } from 'lucide-react';
import { Button } from '@/app/_ui/button.tsx';

export function EditingBar({ revision, onCancel }: { revision: number; onCancel: () => void }) {
  return (
    <div
      className="flex flex-wrap items-center gap-3 border-b bg-accent px-4 py-2 text-sm"
      data-testid="editing-bar"
    >
      <History aria-hidden className="size-4" />
      <span className="grow">
        You are correcting an earlier answer (version {revision}). The first one is kept beside it.
      </span>
      <Button size="sm" variant="outline" onClick={onCancel}>
        Leave it as it was
      </Button>
    </div>
  );
}

export function LeaseLostBar({
  message,
  onReclaim,
  onMoveOn,
}: {
  message: string;
  onReclaim: () => void;
  onMoveOn: () => void;
}) {
  return (
    <div
      role="alert"
      data-testid="lease-lost"
      className="flex flex-wrap items-center gap-3 border-warning/40 border-b bg-warning/10 px-4 py-2 text-sm"
    >
      <TimerOff aria-hidden className="size-4 text-warning" />
      <span className="grow">{message} What you chose and wrote is still here.</span>
      <span className="flex gap-2">
        <Button size="sm" onClick={onReclaim}>
          Take it again
        </Button>
        <Button size="sm" variant="outline" onClick={onMoveOn}>
          Next task
        </Button>
      </span>
    </div>
  );
}
