// @ts-check
import { Badge, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { trainersQuery } from '../../api/queries/experiments.js';
import { QueryState } from '../common/QueryState.jsx';
import classes from './TrainerPicker.module.css';

/**
 * The trainers of a workspace.
 * @param {{workspaceId: string, selected: string, onSelect: (name: string) => void}} props
 */
export function TrainerPicker({ workspaceId, selected, onSelect }) {
  const { t } = useTranslation();
  const trainers = useQuery(trainersQuery(workspaceId));
  return (
    <QueryState query={trainers} height={80}>
      {(list) =>
        list.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('experiments.noTrainers')}
          </Text>
        ) : (
          <ul className={classes.list} aria-label={t('experiments.trainers')}>
            {list.map((trainer) => (
              <li key={trainer.name}>
                <button
                  type="button"
                  className={classes.trainer}
                  aria-pressed={trainer.name === selected}
                  onClick={() => onSelect(trainer.name)}
                >
                  <Group gap={6}>
                    <Text size="sm" fw={650} span>
                      {trainer.title || trainer.name}
                    </Text>
                    {trainer.missing.length > 0 ? (
                      <Badge size="xs" color="red" variant="light">
                        {t('experiments.missing', { names: trainer.missing.join(', ') })}
                      </Badge>
                    ) : null}
                  </Group>
                  <Text size="xs" c="dimmed" span lineClamp={2}>
                    {trainer.description || trainer.files.join(', ')}
                  </Text>
                </button>
              </li>
            ))}
          </ul>
        )
      }
    </QueryState>
  );
}
