import { SidePanel } from '@/app/_ui/side-panel.tsx';
import { GuidelineText } from './guideline-text.tsx';
import { KeySheet } from './key-sheet.tsx';
import { MyAnswers } from './my-answers.tsx';

export type Panel = 'help' | 'guidelines' | 'mine' | 'skip' | null;

type Props = {
  panel: Panel;
  onClose: () => void;
  projectId: string;
  guideline: { version: number; text: string } | null;
  isPair: boolean;
  onOpen: (judgmentId: string) => void;
};

/** What the page's own keys bring up beside the task. */
export function LabelPanels({ panel, onClose, projectId, guideline, isPair, onOpen }: Props) {
  return (
    <>
      <SidePanel
        isOpen={panel === 'help'}
        onClose={onClose}
        title="Keys"
        description="Everything on this page works without a mouse."
      >
        <KeySheet isPair={isPair} />
        <p className="mt-4 text-sm">
          <a
            className="text-primary underline underline-offset-2"
            href="/help/annotator"
            target="_blank"
            rel="noopener"
          >
            Guide for annotators, with pictures
          </a>
        </p>
      </SidePanel>
      <SidePanel
        isOpen={panel === 'guidelines'}
        onClose={onClose}
        title="Guidelines"
        description={guideline === null ? 'Nothing written yet.' : `Version ${guideline.version}`}
      >
        <GuidelineText text={guideline?.text ?? ''} />
      </SidePanel>
      <SidePanel
        isOpen={panel === 'mine'}
        onClose={onClose}
        title="My answers"
        description="Open one to correct it. A correction is kept beside the first answer."
      >
        <MyAnswers projectId={projectId} onOpen={onOpen} />
      </SidePanel>
    </>
  );
}
