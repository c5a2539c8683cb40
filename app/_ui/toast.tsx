'use client';

import { XIcon } from 'lucide-react';
import { Toast as ToastPrimitive } from 'radix-ui';
import { createContext, type ReactNode, use, useCallback, useRef, useState } from 'react';
import { cn } from './cn.ts';

type Message = { id: number; title: string; detail?: string; tone: 'neutral' | 'success' | 'danger' };
type ShowToast = (title: string, options?: { detail?: string; tone?: Message['tone'] }) => void;

const ToastContext = createContext<ShowToast>(() => {});

/** `const toast = useToast(); toast('Saved')`: a short message that goes by itself. */
export function useToast(): ShowToast {
  return use(ToastContext);
}

export function Toaster({ children }: { children: ReactNode }) {
  const [messages, setMessages] = useState<Message[]>([]);
  const nextId = useRef(0);
  const show = useCallback<ShowToast>((title, { detail, tone = 'neutral' } = {}) => {
    nextId.current += 1;
    const message = { id: nextId.current, title, detail, tone };
    setMessages((current) => [...current.slice(-3), message]);
  }, []);
  return (
    <ToastContext value={show}>
      <ToastPrimitive.Provider duration={6000}>
        {children}
        {messages.map(({ id, title, detail, tone }) => (
          <ToastPrimitive.Root
            key={id}
            onOpenChange={(isOpen) => {
              if (!isOpen) setMessages((current) => current.filter((message) => message.id !== id));
            }}
            className={cn(
              'flex items-start gap-3 rounded-md border bg-popover p-3 text-sm text-popover-foreground shadow-lg',
              tone === 'danger' && 'border-destructive/50',
              tone === 'success' && 'border-success/50',
            )}
          >
            <div className="grid flex-1 gap-0.5">
              <ToastPrimitive.Title className="font-medium">{title}</ToastPrimitive.Title>
              {detail ? (
                <ToastPrimitive.Description className="text-muted-foreground">
                  {detail}
                </ToastPrimitive.Description>
              ) : null}
            </div>
            <ToastPrimitive.Close
              className="p-0.5 text-muted-foreground hover:text-foreground"
              aria-label="Dismiss"
            >
              <XIcon className="size-4" aria-hidden />
            </ToastPrimitive.Close>
          </ToastPrimitive.Root>
        ))}
        <ToastPrimitive.Viewport className="fixed right-0 bottom-0 z-50 flex w-full flex-col gap-2 p-4 sm:w-96" />
      </ToastPrimitive.Provider>
    </ToastContext>
  );
}
