// @ts-check
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { API_ROOT } from '../api/client.js';
import { createEventHub } from '../api/events.js';
import { keys } from '../api/keys.js';
import { putJobs } from '../api/queries/jobs.js';

/** Keeps every job in the cache fresh. Called once, by the shell. */
export function useJobEvents() {
  const client = useQueryClient();
  const [connection, setConnection] = useState(
    /** @type {import('../api/events.js').Connection} */ ('idle'),
  );
  useEffect(() => {
    const hub = createEventHub({
      url: `${API_ROOT}/events`,
      listener: {
        onJobs: (events) => putJobs(client, events),
        onPoll: () => client.invalidateQueries({ queryKey: keys.jobs }),
      },
      onConnection: setConnection,
    });
    hub.start();
    return () => hub.stop();
  }, [client]);
  return connection;
}
