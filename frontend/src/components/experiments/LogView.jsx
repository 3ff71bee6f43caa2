// @ts-check
import { Button, Group, Switch, Text, TextInput } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRunLog } from '../../hooks/useRunLog.js';
import { formatCount } from '../../lib/format.js';
import { visibleLines } from '../../lib/logBuffer.js';
import classes from './LogView.module.css';

const LINE_PX = 18;

/** A log as it grows: follows its end until one scrolls up, and can be searched. @param {{url: string}} props */
export function LogView({ url }) {
  const { t } = useTranslation();
  const { log, state } = useRunLog(url);
  const [follow, setFollow] = useState(true);
  const [search, setSearch] = useState('');
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null));
  const wanted = search.trim().toLowerCase();
  const lines = useMemo(() => {
    const all = visibleLines(log);
    return wanted ? all.filter((line) => line.toLowerCase().includes(wanted)) : all;
  }, [log, wanted]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
  });
  useEffect(() => {
    if (follow && lines.length > 0) virtual.scrollToIndex(lines.length - 1);
  }, [follow, lines.length, virtual]);
  /** @param {import('react').UIEvent<HTMLDivElement>} event */
  const onScroll = ({ currentTarget: box }) =>
    setFollow(box.scrollTop + box.clientHeight >= box.scrollHeight - 2 * LINE_PX);
  return (
    <div className={classes.view}>
      <Group gap="sm" justify="space-between">
        <TextInput
          size="xs"
          type="search"
          aria-label={t('experiments.log.search')}
          placeholder={t('experiments.log.search')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Group gap="sm">
          <Text size="xs" c="dimmed" role="status">
            {t(`experiments.log.states.${state}`)} ·{' '}
            {t('experiments.log.lines', { count: lines.length, n: formatCount(lines.length) })}
            {log.dropped > 0
              ? ` · ${t('experiments.log.dropped', { count: log.dropped, n: formatCount(log.dropped) })}`
              : ''}
          </Text>
          <Switch
            size="xs"
            label={t('experiments.log.follow')}
            checked={follow}
            onChange={(event) => setFollow(event.currentTarget.checked)}
          />
          <Button size="compact-xs" variant="default" component="a" href={url} download="run.log">
            {t('experiments.log.download')}
          </Button>
        </Group>
      </Group>
      <section
        ref={scroller}
        className={classes.lines}
        aria-label={t('experiments.log.title')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={onScroll}
        data-testid="run-log"
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((row) => (
            <div
              key={row.key}
              className={classes.line}
              style={{ transform: `translateY(${row.start}px)` }}
            >
              {lines[row.index] || ' '}
            </div>
          ))}
        </div>
      </section>
    </div>
  );
}
