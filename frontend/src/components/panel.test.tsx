import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import { FailureNote } from '@/components/panel';
import { useFailure } from '@/hooks/use-failure';

let answer: () => string;

function Probe() {
  const query = useQuery({
    queryKey: ['probe'],
    queryFn: () => answer(),
    retry: false,
    refetchInterval: 2_000,
  });
  const failure = useFailure(query);
  return (
    <>
      <p>data {query.data ?? 'none'}</p>
      {failure && <FailureNote what="probe" failure={failure} updatedAt={query.dataUpdatedAt} />}
    </>
  );
}

const pass = (millis: number) => act(() => vi.advanceTimersByTimeAsync(millis));
const fail = (message: string) => () => {
  throw new Error(message);
};

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

it('a failure keeps its first time until it works again, and old data its age', async () => {
  vi.useFakeTimers({ now: new Date(2024, 2, 1, 12, 0, 0) });
  answer = () => 'one';
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Probe />
    </QueryClientProvider>,
  );
  await pass(100);
  expect(screen.getByText('data one')).toBeTruthy();
  expect(screen.queryByRole('alert')).toBeNull();

  answer = fail('The server does not answer.');
  await pass(10_000);
  const note = screen.getByRole('alert').textContent;
  expect(note).toContain('Could not load: probe. The server does not answer.');
  expect(note).toContain('Failing since 12:00:02');
  expect(note).toMatch(/the data shown is \d+ s old/);
  expect(screen.getByText('data one')).toBeTruthy();

  answer = () => 'two';
  await pass(2_000);
  expect(screen.getByText('data two')).toBeTruthy();
  expect(screen.queryByRole('alert')).toBeNull();
});

it('Retry asks at once', () => {
  let asked = 0;
  const retry = () => {
    asked += 1;
  };
  render(<FailureNote what="probe" failure={{ message: 'gone', since: 0 }} onRetry={retry} />);
  fireEvent.click(screen.getByRole('button', { name: 'Retry' }));
  expect(asked).toBe(1);
});
