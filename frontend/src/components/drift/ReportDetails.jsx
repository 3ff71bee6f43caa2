// @ts-check
import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatNumber, formatP } from '../../lib/format.js';
import { Figures } from '../common/Figures.jsx';
import { Section } from '../common/Section.jsx';
import classes from './DriftResult.module.css';

/** What the verdict rests on, to repeat it or to doubt it. @param {{ report: import('../../api/model.d.ts').DriftReport }} props */
export function ReportDetails({ report }) {
  const { t } = useTranslation();
  const versions = Object.entries(report.versions).filter(([, value]) => value);
  return (
    <div className={classes.columns}>
      <Section title={t('drift.tests')} text={t('drift.testsText')}>
        <Table.ScrollContainer minWidth={380}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('drift.test')}</Table.Th>
                <Table.Th ta="right">{t('drift.statistic')}</Table.Th>
                <Table.Th ta="right">{t('drift.pValue')}</Table.Th>
                <Table.Th ta="right">{t('drift.threshold')}</Table.Th>
                <Table.Th>{t('drift.outcome')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {report.tests.map((test) => (
                <Table.Tr key={test.name}>
                  <Table.Td>{t(`drift.views.${test.name}`, { defaultValue: test.name })}</Table.Td>
                  <Table.Td ta="right" className="dd-num">
                    {formatNumber(test.statistic)}
                  </Table.Td>
                  <Table.Td ta="right" className="dd-num">
                    {formatP(test.p_value)}
                  </Table.Td>
                  <Table.Td ta="right" className="dd-num">
                    {formatNumber(test.threshold)}
                  </Table.Td>
                  <Table.Td>{t(test.drifted ? 'drift.changed' : 'drift.unchanged')}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Section>
      <Section title={t('drift.repeat')} text={t('drift.repeatText')}>
        <Figures
          rows={[
            [t('drift.reportId'), report.report_id],
            [t('drift.alpha'), report.alpha],
            [t('drift.seed'), report.seed],
            ...versions.map(
              ([name, value]) => /** @type {[string, string]} */ ([name, value ?? '']),
            ),
          ]}
        />
      </Section>
    </div>
  );
}
