// @ts-check
import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import i18next from 'i18next';
import { problemOf, wordsFor } from '../../api/problems.js';

/** @param {string} message */
export function toast(message) {
  notifications.show({ message, autoClose: 4000, closeButtonProps: closeLabel() });
}

/**
 * Says what was done and offers to take it back, instead of asking before.
 * @param {string} message
 * @param {() => void} onUndo
 */
export function toastUndo(message, onUndo) {
  const id = `undo-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const undo = () => {
    notifications.hide(id);
    onUndo();
  };
  notifications.show({
    id,
    autoClose: 10_000,
    closeButtonProps: closeLabel(),
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm">{message}</Text>
        <Button size="compact-sm" variant="light" onClick={undo}>
          {i18next.t('common.undo')}
        </Button>
      </Group>
    ),
  });
}

/** For errors that have no place of their own on the screen. @param {unknown} error */
export function toastProblem(error) {
  const problem = problemOf(error);
  const { title, hint } = wordsFor(problem);
  const quote = [problem.code, problem.request_id].filter(Boolean).join(' · ');
  notifications.show({
    color: 'red',
    autoClose: 12_000,
    title,
    closeButtonProps: closeLabel(),
    message: (
      <>
        {hint && hint !== title ? <Text size="sm">{hint}</Text> : null}
        <Text size="xs" c="dimmed" ff="monospace">
          {quote}
        </Text>
      </>
    ),
  });
}

const closeLabel = () => ({ 'aria-label': i18next.t('common.close') });
