// @ts-check
import { Alert, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

/**
 * What verification found wrong; nothing when all is well.
 * @param {{ workspace: import('../../api/model.d.ts').WorkspaceStatus }} props
 */
export function WorkspaceProblems({ workspace }) {
  const { t } = useTranslation();
  const failed = workspace.checks.filter((check) => !check.ok);
  if (workspace.is_valid || failed.length === 0) return null;
  return (
    <Alert
      m="md"
      mb={0}
      color="red"
      title={t('shell.invalid')}
      icon={<IconAlertTriangle size={18} aria-hidden />}
    >
      <List size="sm">
        {failed.map((check) => (
          <List.Item key={check.name}>
            {check.name}: {check.detail}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
