// @ts-check
import '../../mantine-more.css';
import {
  ActionIcon,
  Anchor,
  Button,
  Group,
  Stack,
  Table,
  Text,
  Title,
  Tooltip,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { guardsQuery, useDeleteGuard } from '../../api/queries/guards.js';
import { formatCount, formatNumber } from '../../lib/format.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { toastProblem } from '../common/toasts.jsx';
import { CheckGuard } from './CheckGuard.jsx';
import { GuardBadge } from './GuardBadge.jsx';
import { NewGuard } from './NewGuard.jsx';

/** @typedef {import('../../api/model.d.ts').Guard} Guard */

/** Saved bases with thresholds: what comes in is checked against them. */
export default function GuardList() {
  const { t } = useTranslation();
  const guards = useQuery(guardsQuery());
  const [adding, { open, close }] = useDisclosure(false);
  return (
    <Stack component="section" gap="sm" mt="md" aria-labelledby="guards-title">
      <Group justify="space-between" align="end">
        <div>
          <Title order={2} id="guards-title">
            {t('guards.title')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('guards.text')}
          </Text>
        </div>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          aria-expanded={adding}
          onClick={open}
        >
          {t('guards.new')}
        </Button>
      </Group>
      {adding ? <NewGuard onClose={close} /> : null}
      <QueryState query={guards} height={120}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState order={3} title={t('guards.none')} text={t('guards.noneText')} />
          ) : (
            <Table.ScrollContainer minWidth={640} className="dd-panel" p={0}>
              <Table verticalSpacing="xs" horizontalSpacing="md">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('guards.last')}</Table.Th>
                    <Table.Th>{t('guards.name')}</Table.Th>
                    <Table.Th>{t('guards.limits')}</Table.Th>
                    <Table.Th>{t('guards.check')}</Table.Th>
                    <Table.Th w={40}>
                      <span className="dd-visually-hidden">{t('guards.delete')}</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((guard) => (
                    <GuardRow key={guard.guard_id} guard={guard} />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </QueryState>
    </Stack>
  );
}

/** @param {{ guard: Guard }} props */
function GuardRow({ guard }) {
  const { t } = useTranslation();
  const remove = useDeleteGuard();
  const { last_check: last } = guard;
  return (
    <Table.Tr>
      <Table.Td>
        {last ? (
          <Stack gap={2} align="start">
            <GuardBadge outcome={last.outcome} />
            <Anchor component={Link} size="sm" to={`/drift/${last.report_id}`}>
              {t('guards.failing', { count: last.failing, n: formatCount(last.failing) })}
            </Anchor>
          </Stack>
        ) : (
          <Text size="sm" c="dimmed">
            {t('guards.unchecked')}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Text size="sm" fw={600}>
          {guard.name}
        </Text>
        <Text size="xs" c="dimmed" className="dd-num">
          {guard.base.name} · {t('guards.checks', { count: guard.checks })}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="dd-num">
          {t('guards.limitsText', {
            alpha: formatNumber(guard.alpha),
            effect: formatNumber(guard.effect_threshold),
          })}
        </Text>
      </Table.Td>
      <Table.Td>
        <CheckGuard guard={guard} />
      </Table.Td>
      <Table.Td>
        <Tooltip label={t('guards.delete')}>
          <ActionIcon
            size={30}
            aria-label={t('guards.deleteOne', { name: guard.name })}
            loading={remove.isPending}
            onClick={() => remove.mutate(guard.guard_id, { onError: toastProblem })}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Table.Td>
    </Table.Tr>
  );
}
