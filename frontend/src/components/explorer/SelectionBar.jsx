// @ts-check
import { ActionIcon, Button, Group, Menu, Text, TextInput, Tooltip } from '@mantine/core';
import { IconArrowsExchange, IconFilterStar, IconTag, IconTrash, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';
import classes from './SelectionBar.module.css';

/**
 * What can be done with the selected images.
 * @param {object} props
 * @param {number} props.selected
 * @param {number} props.total that the filter matches
 * @param {boolean} props.all whether all of them are selected
 * @param {readonly string[]} props.splits
 * @param {boolean} props.busy
 * @param {() => void} props.onAll
 * @param {() => void} props.onClear
 * @param {(split: string) => void} props.onMove
 * @param {() => void} props.onRelabel
 * @param {() => void} props.onRemove
 * @param {() => void} props.onSample
 */
export function SelectionBar(props) {
  const { t } = useTranslation();
  const { selected, total, all, busy } = props;
  if (selected === 0) return null;
  return (
    <div className={classes.bar} role="toolbar" aria-label={t('explorer.selection.label')}>
      <Group gap="xs" wrap="nowrap">
        <Tooltip label={t('explorer.selection.clear')}>
          <ActionIcon size={28} onClick={props.onClear} aria-label={t('explorer.selection.clear')}>
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Text size="sm" fw={650} className="dd-num">
          {t('explorer.selection.count', { count: selected, n: formatCount(selected) })}
        </Text>
        {all || total === 0 ? null : (
          <Button size="compact-sm" variant="subtle" onClick={props.onAll}>
            {t('explorer.selection.all', { count: total, n: formatCount(total) })}
          </Button>
        )}
      </Group>
      <Group gap="xs">
        <MoveMenu splits={props.splits} busy={busy} onMove={props.onMove} />
        <Button
          size="compact-sm"
          variant="default"
          disabled={busy}
          leftSection={<IconTag size={16} aria-hidden />}
          onClick={props.onRelabel}
        >
          {t('explorer.selection.relabel')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconFilterStar size={16} aria-hidden />}
          onClick={props.onSample}
        >
          {t('explorer.selection.sample')}
        </Button>
        <Button
          size="compact-sm"
          variant="light"
          color="red"
          disabled={busy}
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={props.onRemove}
        >
          {t('explorer.selection.remove')}
        </Button>
      </Group>
    </div>
  );
}

/** @param {{splits: readonly string[], busy: boolean, onMove: (split: string) => void}} props */
function MoveMenu({ splits, busy, onMove }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState('');
  /** @param {string} split */
  const move = (split) => {
    setOpened(false);
    setName('');
    onMove(split);
  };
  return (
    <Menu opened={opened} onChange={setOpened} shadow="md" position="bottom-end" trapFocus>
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="default"
          disabled={busy}
          leftSection={<IconArrowsExchange size={16} aria-hidden />}
        >
          {t('explorer.selection.move')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {splits.map((split) => (
          <Menu.Item key={split} onClick={() => move(split)}>
            {split}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <form
          className={classes.newSplit}
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) move(name.trim());
          }}
        >
          <TextInput
            size="xs"
            label={t('explorer.selection.newSplit')}
            value={name}
            maxLength={64}
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => event.stopPropagation()}
          />
          <Button size="xs" type="submit" disabled={!name.trim()}>
            {t('explorer.selection.move')}
          </Button>
        </form>
      </Menu.Dropdown>
    </Menu>
  );
}
