// @ts-check
import { Group, Stack, Text, Title } from '@mantine/core';
import { useId } from 'react';

/**
 * A titled panel.
 * @param {object} props
 * @param {string} props.title
 * @param {string} [props.text] what it says, in a sentence
 * @param {import('react').ReactNode} [props.right]
 * @param {import('react').ReactNode} props.children
 */
export function Section({ title, text, right, children }) {
  const id = useId();
  return (
    <Stack component="section" gap="sm" className="dd-panel" aria-labelledby={id}>
      <Group justify="space-between" align="start" gap="sm">
        <div>
          <Title order={2} size="h3" id={id}>
            {title}
          </Title>
          {text ? (
            <Text size="sm" c="dimmed">
              {text}
            </Text>
          ) : null}
        </div>
        {right}
      </Group>
      {children}
    </Stack>
  );
}
