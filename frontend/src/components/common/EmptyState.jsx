// @ts-check
import { Stack, Text, Title } from '@mantine/core';

/**
 * Says what is missing and offers the next step.
 * @param {object} props
 * @param {import('react').ComponentType<{ size?: number, stroke?: number, 'aria-hidden'?: boolean }>} [props.icon]
 * @param {string} props.title
 * @param {string} [props.text]
 * @param {1 | 2 | 3 | 4} [props.order] level of the heading
 * @param {import('react').ReactNode} [props.children] the next step
 */
export function EmptyState({ icon: Icon, title, text, order = 2, children }) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      {Icon ? (
        <span className="dd-muted">
          <Icon size={36} stroke={1.4} aria-hidden />
        </span>
      ) : null}
      <Title order={order} size="h3">
        {title}
      </Title>
      {text ? (
        <Text c="dimmed" size="sm" maw={460}>
          {text}
        </Text>
      ) : null}
      {children}
    </Stack>
  );
}
