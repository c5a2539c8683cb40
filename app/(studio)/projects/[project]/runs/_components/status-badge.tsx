import { Badge } from '@/app/_ui/badge.tsx';

const LOOK = {
  queued: { tone: 'neutral', label: 'waiting' },
  paused: { tone: 'warning', label: 'paused' },
  running: { tone: 'accent', label: 'running' },
  succeeded: { tone: 'success', label: 'done' },
  failed: { tone: 'danger', label: 'failed' },
  cancelled: { tone: 'warning', label: 'cancelled' },
} as const;

export const STATUS_LABELS = {
  ...{ queued: LOOK.queued.label, paused: LOOK.paused.label, running: LOOK.running.label },
  ...{ succeeded: LOOK.succeeded.label, failed: LOOK.failed.label, cancelled: LOOK.cancelled.label },
};

export function StatusBadge({ status }: { status: keyof typeof LOOK }) {
  const { tone, label } = LOOK[status];
  return <Badge tone={tone}>{label}</Badge>;
}
