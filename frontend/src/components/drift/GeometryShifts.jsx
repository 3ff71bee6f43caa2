// @ts-check
import { useTranslation } from 'react-i18next';
import { Section } from '../common/Section.jsx';
import { SideLegend } from '../common/SideLegend.jsx';
import { ShiftTable } from './ShiftTable.jsx';

/** Sizes, shapes, places and numbers of boxes. @param {{ report: import('../../api/model.d.ts').DriftReport }} props */
export function GeometryShifts({ report }) {
  const { t } = useTranslation();
  const shifts = report.geometry ?? [];
  if (shifts.length === 0) return null;
  const drifted = shifts.filter((s) => s.drifted).length;
  return (
    <Section
      title={t('drift.geometry')}
      text={t('drift.geometryText', { n: drifted, of: shifts.length })}
      right={<SideLegend />}
    >
      <ShiftTable
        shifts={shifts}
        nameOf={(name) => t(`drift.boxes.${name}`, { defaultValue: name })}
        caption={t('drift.geometry')}
      />
    </Section>
  );
}
