// @ts-check
import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** @type {Record<import('../../api/queries/types.d.ts').RunState, string>} */
const COLORS = {
  queued: 'gray',
  running: 'iris',
  succeeded: 'green',
  failed: 'red',
  stopped: 'gray',
  lost: 'red',
};

/** @param {{state: import('../../api/queries/types.d.ts').RunState}} props */
export function RunStateBadge({ state }) {
  const { t } = useTranslation();
  return (
    <Badge size="sm" variant="dot" color={COLORS[state]} c="var(--dd-text)">
      {t(`experiments.states.${state}`)}
    </Badge>
  );
}
