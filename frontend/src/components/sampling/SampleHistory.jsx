// @ts-check
import { Anchor, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { samplesQuery } from '../../api/queries/sampling.js';
import { formatAgo, formatCount } from '../../lib/format.js';
import { QueryState } from '../common/QueryState.jsx';

/**
 * The recorded samples; each can be looked at and used again.
 * @param {{workspaceId: string, selected: string, onSelect: (sampleId: string) => void}} props
 */
export function SampleHistory({ workspaceId, selected, onSelect }) {
  const { t } = useTranslation();
  const query = useQuery(samplesQuery(workspaceId));
  return (
    <QueryState query={query} height={80}>
      {({ samples }) =>
        samples.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('sampling.history.none')}
          </Text>
        ) : (
          <Table fz="sm" verticalSpacing={4}>
            <Table.Tbody>
              {samples.map((sample) => (
                <Table.Tr
                  key={sample.sample_id}
                  bg={sample.sample_id === selected ? 'var(--dd-accent-soft)' : undefined}
                >
                  <Table.Td>
                    <Anchor
                      component="button"
                      type="button"
                      size="sm"
                      onClick={() => onSelect(sample.sample_id)}
                    >
                      {t(`sampling.kinds.${sample.strategy.kind}.title`, {
                        defaultValue: sample.strategy.kind,
                      })}
                    </Anchor>
                  </Table.Td>
                  <Table.Td className="dd-num">
                    {t('sampling.history.size', {
                      n: formatCount(sample.size),
                      pool: formatCount(sample.pool_size),
                    })}
                  </Table.Td>
                  <Table.Td>
                    {t('sampling.seed')} {sample.seed}
                  </Table.Td>
                  <Table.Td ta="end">{formatAgo(sample.created_at)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )
      }
    </QueryState>
  );
}
