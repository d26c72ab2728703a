import type { ReactNode } from 'react';

import { CredentialsForm } from '@/features/auth/components/credentials-form';
import type { User } from '@/lib/api/types';

interface SignInPageProps {
  /** Why the page is shown again, e.g. a link that was used before. */
  notice: string | null;
  onSignedIn: (user: User) => void;
}

export function SignInPage({ notice, onSignedIn }: SignInPageProps): ReactNode {
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-4 px-4 py-10">
      <h1 className="flex items-center gap-2 text-2xl font-bold">
        <img src="/favicon.svg" alt="" className="size-8" />
        CryptoVolt
      </h1>
      {notice !== null && (
        <p role="alert" className="rounded border border-warn bg-warn-soft px-3 py-2 text-sm break-words">
          {notice}
        </p>
      )}
      <div className="rounded-lg border border-line bg-panel p-5">
        <CredentialsForm onSignedIn={onSignedIn} />
      </div>
      <p className="text-sm text-soft">
        Started with <code>./cv up</code>? The terminal shows a link that signs you in once; starting
        it again gives a new one.
      </p>
    </main>
  );
}
