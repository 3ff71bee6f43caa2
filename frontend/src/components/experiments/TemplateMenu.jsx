// @ts-check
import { Button, Menu, Text } from '@mantine/core';
import { IconTemplate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { templatesQuery, useInstallTemplate } from '../../api/queries/experiments.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { toastProblem } from '../common/toasts.jsx';

/** @typedef {import('../../api/queries/types.d.ts').Trainer} Trainer */

/**
 * Copies a template in as a trainer of the workspace; one for another task says so.
 * @param {{workspaceId: string, onInstalled: (name: string) => void}} props
 */
export function TemplateMenu({ workspaceId, onInstalled }) {
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
          size="compact-sm"
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
