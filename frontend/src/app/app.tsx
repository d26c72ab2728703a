import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';

import { Dashboard } from '@/app/dashboard';
import { FailureNote } from '@/components/panel';
import { boot } from '@/features/auth/api/boot';
import { SignInPage } from '@/features/auth/components/sign-in-page';
import { logout, whenSignedOut } from '@/lib/api/client';
import { ApiError } from '@/lib/api/error';
import type { User } from '@/lib/api/types';

type State =
  | { is: 'starting' }
  | { is: 'failed'; message: string; since: number }
  | { is: 'out'; notice: string | null }
  | { is: 'in'; user: User };

function afterFailure(error: unknown): State {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
    return { is: 'out', notice: `The link did not sign you in. ${message}` };
  }
  return { is: 'failed', message, since: Date.now() };
}

/** Sign-in page or dashboard, depending on who is signed in. */
export function App({ started }: { started: Promise<User | null> }) {
  const [state, setState] = useState<State>({ is: 'starting' });
  const queries = useQueryClient();

  const follow = useCallback(async (attempt: Promise<User | null>): Promise<void> => {
    try {
      const user = await attempt;
      setState(user ? { is: 'in', user } : { is: 'out', notice: null });
    } catch (error) {
      setState(afterFailure(error));
    }
  }, []);
  const leave = useCallback(
    (notice: string | null): void => {
      queries.clear();
      setState({ is: 'out', notice });
    },
    [queries],
  );

  useEffect(() => void follow(started), [follow, started]);
  useEffect(() => whenSignedOut(() => leave('Your session has ended. Sign in again.')), [leave]);

  if (state.is === 'in') {
    const signOut = async (): Promise<void> => {
      await logout();
      leave(null);
    };
    return <Dashboard user={state.user} onSignOut={signOut} />;
  }
  if (state.is === 'out') {
    return (
      <SignInPage notice={state.notice} onSignedIn={(user) => setState({ is: 'in', user })} />
    );
  }
  if (state.is === 'failed') {
    return (
      <main className="mx-auto max-w-xl p-4">
        <FailureNote
          what="who is signed in"
          failure={{ message: state.message, since: state.since }}
          onRetry={() => void follow(boot())}
        />
      </main>
    );
  }
  return <p className="p-8 text-center text-soft">Signing in …</p>;
}
