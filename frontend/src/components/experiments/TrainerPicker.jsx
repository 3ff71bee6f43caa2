// @ts-check
import { Badge, Button, Group, Menu, Stack, Text } from '@mantine/core';
import { IconTemplate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import {
  templatesQuery,
  trainersQuery,
  useInstallTemplate,
} from '../../api/queries/experiments.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { QueryState } from '../common/QueryState.jsx';
import { toastProblem } from '../common/toasts.jsx';
import classes from './TrainerPicker.module.css';

/** @typedef {import('../../api/queries/types.d.ts').Trainer} Trainer */
/**
 * The trainers of a workspace, and templates to make one from.
 * @param {{workspaceId: string, selected: string, onSelect: (name: string) => void}} props
 */
export function TrainerPicker({ workspaceId, selected, onSelect }) {
  const { t } = useTranslation();
  const trainers = useQuery(trainersQuery(workspaceId));
  return (
    <Stack gap="xs">
      <TemplateMenu workspaceId={workspaceId} onInstalled={onSelect} />
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
    </Stack>
  );
}

/** @param {{workspaceId: string, onInstalled: (name: string) => void}} props */
function TemplateMenu({ workspaceId, onInstalled }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const templates = useQuery(templatesQuery(workspaceId));
  const install = useInstallTemplate(workspaceId);
  const fits = (/** @type {Trainer} */ { task }) =>
    task.length === 0 || task.includes(workspace.task);
  return (
    <Menu shadow="md" width={320} position="bottom-start">
      <Menu.Target>
        <Button
          size="compact-md"
          variant="default"
          leftSection={<IconTemplate size={16} aria-hidden />}
          loading={install.isPending}
          disabled={!templates.data}
        >
          {t('experiments.fromTemplate')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(templates.data ?? []).map((template) => (
          <Menu.Item
            key={template.name}
            disabled={!fits(template)}
            onClick={() =>
              install.mutate(template.name, {
                onSuccess: ({ trainer }) => onInstalled(trainer),
                onError: toastProblem,
              })
            }
          >
            <Text size="sm" fw={650}>
              {template.title || template.name}
            </Text>
            <Text size="xs" c="dimmed">
              {fits(template)
                ? template.description
                : t('experiments.otherTask', {
                    tasks: template.task.map((task) => t(`experiments.tasks.${task}`)).join(', '),
                  })}
            </Text>
            {template.missing.length > 0 ? (
              <Text size="xs" c="var(--dd-bad)">
                {t('experiments.missing', { names: template.missing.join(', ') })}
              </Text>
            ) : null}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
