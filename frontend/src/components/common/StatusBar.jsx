// @ts-check
import { Group } from '@mantine/core';
import classes from './StatusBar.module.css';

/**
 * The line at the foot of a panel: how many of how many, what is selected, undo.
 * @param {object} props
 * @param {import('react').ReactNode} props.children
 * @param {import('react').ReactNode} [props.right]
 */
export function StatusBar({ children, right }) {
  return (
    <footer className={classes.bar}>
      <Group gap="md" wrap="nowrap" aria-live="polite">
        {children}
      </Group>
      <Group gap="xs" wrap="nowrap">
        {right}
      </Group>
    </footer>
  );
}
