// @ts-check
import { useTranslation } from 'react-i18next';
import { Section } from '../common/Section.jsx';
import { SideLegend } from '../common/SideLegend.jsx';
import { ShiftTable } from './ShiftTable.jsx';

/** Every attribute of the images. @param {{ report: import('../../api/model.d.ts').DriftReport }} props */
export function AttributeShifts({ report }) {
  const { t } = useTranslation();
  const drifted = report.attributes.filter((a) => a.drifted).length;
  return (
    <Section
      title={t('drift.attributes')}
      text={t('drift.attributesText', { n: drifted, of: report.attributes.length })}
      right={<SideLegend />}
    >
      <ShiftTable
        report={report}
        shifts={report.attributes}
        nameOf={(name) => t(`attributes.${name}`, { defaultValue: name })}
        caption={t('drift.attributes')}
        first={report.why?.params.attribute?.toString()}
      />
    </Section>
  );
}
