// @ts-check
import { Anchor, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';

/**
 * What ingest found, by code; a click shows the examples.
 * @param {{ report: import('../../api/model.d.ts').ReportRow[] }} props
 */
export function IngestReport({ report }) {
  const { t } = useTranslation();
  const [opened, { toggle }] = useDisclosure(false);
  if (report.length === 0) return null;
  return (
    <Stack gap={4}>
      <Anchor
        component="button"
        type="button"
        size="xs"
        ta="start"
        onClick={toggle}
        aria-expanded={opened}
      >
        {t('drift.findings', { count: report.length })}
      </Anchor>
      {opened ? (
        <ul style={{ margin: 0, paddingInlineStart: '1.1rem' }}>
          {report.map((row) => (
            <li key={`${row.code} ${row.action}`}>
              <Text size="xs" span>
                {t(`findings.${row.code}`, { defaultValue: row.code })}
                {' – '}
                {t(`findings.actions.${row.action}`)}
                {': '}
                {formatCount(row.count)}
              </Text>
              {row.examples.slice(0, 3).map((example) => {
                const words = Object.values(example).join(' · ');
                return (
                  <Text key={words} size="xs" c="dimmed" ff="monospace">
                    {words}
                  </Text>
                );
              })}
            </li>
          ))}
        </ul>
      ) : null}
    </Stack>
  );
}
