import { useSyncExternalStore } from 'react';

import { connection } from '@/lib/api/connection';

/** Whether the server answers, and since when it does not. */
export const useConnection = () => useSyncExternalStore(connection.subscribe, connection.read);
