import { useMutation } from '@tanstack/react-query';
import { useId, useState, type FormEvent, type ReactNode } from 'react';

import { login, register } from '@/lib/api/client';
import type { User } from '@/lib/api/types';

interface FieldProps {
  label: string;
  name: string;
  type?: string;
  autoComplete: string;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  note?: string;
}

function Field({ label, note, ...input }: FieldProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-semibold">
        {label}
      </label>
      <input
        id={id}
        className="field"
        required
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        {...input}
      />
      {note !== undefined && (
        <p id={`${id}-note`} className="mt-1 text-xs text-soft">
          {note}
        </p>
      )}
    </div>
  );
}

const text = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
};

async function signIn(form: FormData): Promise<User> {
  return login({ username: text(form, 'username'), password: text(form, 'password') });
}

async function signUp(form: FormData): Promise<User> {
  await register({
    username: text(form, 'username'),
    email: text(form, 'email'),
    password: text(form, 'password'),
  });
  return signIn(form);
}

interface CredentialsFormProps {
  onSignedIn: (user: User) => void;
}

/** Signing in with name and password, or making an account first. */
export function CredentialsForm({ onSignedIn }: CredentialsFormProps): ReactNode {
  const [isNew, setIsNew] = useState(false);
  const attempt = useMutation({ mutationFn: isNew ? signUp : signIn, onSuccess: onSignedIn });

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    attempt.mutate(new FormData(event.currentTarget));
  };
  const switchForm = (): void => {
    attempt.reset();
    setIsNew(!isNew);
  };

  return (
    <form onSubmit={submit} className="space-y-4">
      {isNew ? (
        <>
          <Field label="User name" name="username" autoComplete="username" minLength={3} maxLength={50} />
          <Field label="E-mail address" name="email" type="email" autoComplete="email" maxLength={100} />
          <Field
            label="Password"
            name="password"
            type="password"
            autoComplete="new-password"
            minLength={12}
            maxLength={128}
            note="At least 12 characters. Any characters are fine."
          />
        </>
      ) : (
        <>
          <Field label="User name or e-mail address" name="username" autoComplete="username" maxLength={100} />
          <Field label="Password" name="password" type="password" autoComplete="current-password" maxLength={128} />
        </>
      )}
      {attempt.isError && (
        <p role="alert" className="rounded border border-warn bg-warn-soft px-3 py-2 text-sm break-words">
          {attempt.error.message}
        </p>
      )}
      <button type="submit" disabled={attempt.isPending} className="button button-main w-full py-2">
        {isNew ? 'Register and sign in' : 'Sign in'}
      </button>
      <p className="text-center text-sm text-soft">
        {isNew ? 'You have an account?' : 'No account yet?'}{' '}
        <button type="button" onClick={switchForm} className="cursor-pointer text-accent underline">
          {isNew ? 'Sign in' : 'Register'}
        </button>
      </p>
    </form>
  );
}
