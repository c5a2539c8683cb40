'use client';

import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { type ReactNode, useState } from 'react';
import { MAX_BATCH_CALLS } from '@/lib/max-batch-calls.ts';
import type { AppRouter } from '@/server/root.ts';
import { Toaster } from '../_ui/toast.tsx';
import { TRPCProvider } from './client.tsx';
import { createQueryClient } from './query-client.ts';

let browserClient: QueryClient | undefined;

function queryClient(): QueryClient {
  if (typeof window === 'undefined') return createQueryClient();
  browserClient ??= createQueryClient();
  return browserClient;
}

/** Everything that client components need around them. */
export function Providers({ children, nonce }: { children: ReactNode; nonce: string }) {
  useState(() => {
    // Radix' scroll lock inserts a style element; this is where it looks for the nonce
    if (typeof window !== 'undefined') Object.assign(globalThis, { __webpack_nonce__: nonce });
  });
  const client = queryClient();
  const [trpcClient] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: (operation) => operation.type === 'subscription',
          true: httpSubscriptionLink({ url: '/api/trpc' }),
          false: httpBatchLink({ url: '/api/trpc', maxURLLength: 4000, maxItems: MAX_BATCH_CALLS }),
        }),
      ],
    }),
  );
  return (
    <QueryClientProvider client={client}>
      <TRPCProvider trpcClient={trpcClient} queryClient={client}>
        <Toaster>{children}</Toaster>
      </TRPCProvider>
    </QueryClientProvider>
  );
}
