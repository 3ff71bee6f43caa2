// @ts-check
import { ActionIcon, Button, Group, NumberInput, Popover, Tooltip } from '@mantine/core';
import { IconHash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';

/**
 * Jumps to the nth image of any number of them.
 * @param {{
 *   total: number, opened: boolean, onOpened: (opened: boolean) => void, onGo: (index: number) => void,
 * }} props
 */
export function GoTo({ total, opened, onOpened, onGo }) {
  const { t } = useTranslation();
  const [number, setNumber] = useState(/** @type {string | number} */ (''));
  const label = t('explorer.goTo.title');
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (typeof number !== 'number') return;
    onOpened(false);
    onGo(number - 1);
  };
  return (
    <Popover
      opened={opened}
      onChange={onOpened}
      trapFocus
      returnFocus
      position="bottom-end"
      shadow="md"
    >
      <Popover.Target>
        <Tooltip label={label}>
          <ActionIcon
            size={30}
            aria-label={label}
            disabled={total === 0}
            onClick={() => onOpened(!opened)}
          >
            <IconHash size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit}>
          <Group align="end" gap="xs">
            <NumberInput
              size="xs"
              w={150}
              label={t('explorer.goTo.label', { total: formatCount(total) })}
              min={1}
              max={total}
              clampBehavior="strict"
              allowDecimal={false}
              thousandSeparator=","
              hideControls
              value={number}
              onChange={setNumber}
              data-autofocus
            />
            <Button size="xs" type="submit" disabled={typeof number !== 'number'}>
              {t('explorer.goTo.go')}
            </Button>
          </Group>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
