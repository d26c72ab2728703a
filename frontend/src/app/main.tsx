import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from '@/app/app';
import '@/app/styles.css';
import { boot } from '@/features/auth/api/boot';

const root = document.getElementById('root');
if (!root) throw new Error('expected an element with the id "root", found none');

// Failed requests are shown at once; asking again every two seconds is the retry.
const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });

// Outside of the components: the code of a link works once, and effects may run twice.
const started = boot();

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App started={started} />
    </QueryClientProvider>
  </StrictMode>,
);
