// @ts-check
import { Alert, Button, Code, CopyButton, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCopy, IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { problemOf, wordsFor } from '../../api/problems.js';

/**
 * An error where it happened: what it means, what to do, and what to quote when asking for help.
 * @param {object} props
 * @param {unknown} props.error
 * @param {() => void} [props.onRetry]
 * @param {() => void} [props.onClose]
 */
export function ProblemAlert({ error, onRetry, onClose }) {
  const { t } = useTranslation();
  const problem = problemOf(error);
  const { title, hint } = wordsFor(problem);
  const quote = [problem.code, problem.request_id].filter(Boolean).join(' · ');
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      title={title}
      icon={<IconAlertTriangle size={18} aria-hidden />}
      withCloseButton={Boolean(onClose)}
      closeButtonLabel={t('common.close')}
      onClose={onClose}
    >
      {hint && hint !== title ? <Text size="sm">{hint}</Text> : null}
      {problem.errors?.length ? (
        <ul style={{ margin: '0.25rem 0', paddingInlineStart: '1.2rem' }}>
          {problem.errors.map((e) => (
            <li key={`${e.pointer} ${e.detail}`}>
              <Text size="sm" span>
                {e.pointer}: {e.detail}
              </Text>
            </li>
          ))}
        </ul>
      ) : null}
      <Group gap="xs" mt="xs">
        {onRetry ? (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            onClick={onRetry}
          >
            {t('common.retry')}
          </Button>
        ) : null}
        <CopyButton value={quote}>
          {({ copied, copy }) => (
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              onClick={copy}
              leftSection={
                copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />
              }
              aria-label={`${copied ? t('common.copied') : t('common.copyError')}: ${quote}`}
            >
              <Code bg="transparent">{quote}</Code>
            </Button>
          )}
        </CopyButton>
      </Group>
    </Alert>
  );
}
