import { ArrowLeft, BookOpen, CircleHelp, CloudUpload, ListChecks, SkipForward, Undo2 } from 'lucide-react';
import Link from 'next/link';
import { Progress as ProgressBar } from '@/app/_ui/progress.tsx';
import { MAX_COUNTED_OPEN, type Progress } from '@/server/tasks/schemas.ts';
import type { LabelProject } from '../label-project.ts';
import { keepFocus } from '../ranking/keep-focus.ts';
import type { LabelCommand } from '../ranking/keyboard.ts';
import type { AnswerBody } from '../sending/answer-sender.ts';
import type { SubmitQueue } from '../sending/submit-queue.ts';
import { useCoarsePointer } from './coarse-pointer.ts';

type Props = {
  project: LabelProject;
  progress: Progress | null;
  /** tasks held for this page: the one shown and those ahead */
  held: number;
  queue: SubmitQueue<AnswerBody>;
  canUndo: boolean;
  onCommand: (command: LabelCommand) => void;
};

const number = new Intl.NumberFormat('en-US');

/** Where one is, how far, and the page's own commands with their keys. */
export function TopBar({ project, progress, held, queue, canUndo, onCommand }: Props) {
  const isTouch = useCoarsePointer();
  const underWay = queue.filter((answer) => answer.body.kind === 'record' && answer.state !== 'refused');
  const done = (progress?.mine ?? 0) + underWay.length;
  // what is held is leased to me, so the server no longer counts it as open
  const left = (progress?.openForMe ?? 0) + held;
  // where the server stopped counting, the end is not known
  const isMore = progress !== null && progress.openForMe >= MAX_COUNTED_OPEN;
  const isSending = queue.some((answer) => answer.state !== 'refused');
  return (
    <header className="flex items-center gap-2 border-b bg-card px-2 py-1.5 sm:px-4">
      <Link
        href={`/projects/${project.slug}`}
        className="inline-flex min-h-9 min-w-9 items-center justify-center gap-2 rounded-md px-2 text-sm pointer-coarse:min-h-11 pointer-coarse:min-w-11 hover:bg-muted"
        aria-label={`Back to ${project.name}`}
      >
        <ArrowLeft aria-hidden className="size-4" />
      </Link>
      <h1 className="min-w-0 truncate font-medium text-sm">
        <span className="sr-only">Label: </span>
        <bdi>{project.name}</bdi>
      </h1>
      {progress !== null && (
        <div
          className="ml-2 hidden items-center gap-2 text-muted-foreground text-xs sm:flex"
          data-testid="progress"
          data-held={held}
        >
          {!isMore && (
            <ProgressBar
              className="w-28"
              value={done}
              max={Math.max(1, done + left)}
              label="Answered by you"
            />
          )}
          <span className="tabular-nums">
            {number.format(done)} answered,{' '}
            {isMore ? `${number.format(MAX_COUNTED_OPEN)}+` : number.format(left)} left
          </span>
        </div>
      )}
      {progress !== null && (
        <span className="whitespace-nowrap text-muted-foreground text-xs tabular-nums sm:hidden">
          {number.format(done)} done
        </span>
      )}
      {isSending && (
        <span
          className="inline-flex items-center gap-1 text-muted-foreground text-xs"
          title="Answers on their way"
        >
          <CloudUpload aria-hidden className="size-4" />
          <span className="tabular-nums">{queue.length}</span>
          <span className="sr-only"> on their way to the server</span>
        </span>
      )}
      <span className="grow" />
      <BarButton
        label="Guidelines"
        keyName="G"
        Icon={BookOpen}
        onPress={() => onCommand({ type: 'guidelines' })}
      />
      <BarButton
        label="My answers"
        keyName="M"
        Icon={ListChecks}
        onPress={() => onCommand({ type: 'mine' })}
      />
      <BarButton
        label="Undo"
        keyName="U"
        Icon={Undo2}
        isDisabled={!canUndo}
        onPress={() => onCommand({ type: 'undo' })}
      />
      <BarButton
        label="Skip"
        keyName="S"
        Icon={SkipForward}
        isDisabled={!canUndo}
        onPress={() => onCommand({ type: 'skip' })}
      />
      {!isTouch && (
        <BarButton label="Keys" keyName="?" Icon={CircleHelp} onPress={() => onCommand({ type: 'help' })} />
      )}
    </header>
  );
}

function BarButton({
  label,
  keyName,
  Icon,
  isDisabled,
  onPress,
}: {
  label: string;
  keyName: string;
  Icon: typeof Undo2;
  isDisabled?: boolean;
  onPress: () => void;
}) {
  const isTouch = useCoarsePointer();
  return (
    <button
      type="button"
      aria-label={label}
      title={isTouch ? label : `${label} (${keyName})`}
      disabled={isDisabled}
      onMouseDown={keepFocus}
      onClick={onPress}
      className="inline-flex min-h-9 min-w-9 items-center justify-center gap-1.5 rounded-md px-2 text-muted-foreground text-xs pointer-coarse:min-h-11 pointer-coarse:min-w-11 hover:bg-muted hover:text-foreground disabled:opacity-50"
    >
      <Icon aria-hidden className="size-4" />
      <span className="hidden xl:inline">{label}</span>
      <kbd className="hidden rounded-sm border px-1 font-mono text-[11px] md:pointer-fine:inline">
        {keyName}
      </kbd>
    </button>
  );
}
