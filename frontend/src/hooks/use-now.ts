import { useEffect, useState } from 'react';

/** The current time in ms, renewed every `every` ms, for ages that grow while nothing else changes. */
export function useNow(every = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
