// @ts-check
import { useTranslation } from 'react-i18next';
import { formatCount, formatP, formatPercent } from '../../lib/format.js';
import { Section } from '../common/Section.jsx';
import { SideLegend } from '../common/SideLegend.jsx';
import classes from './Shifts.module.css';

const SHOWN = 12;

/** Which classes there are more or less of. @param {{ report: import('../../api/model.d.ts').DriftReport }} props */
export function ClassShifts({ report }) {
  const { t } = useTranslation();
  const shift = report.classes;
  if (!shift) return null;
  const rows = shift.classes.slice(0, SHOWN);
  const top = Math.max(...rows.flatMap((row) => [row.base_share, row.target_share]), 0.01);
  return (
    <Section
      title={t('drift.classes')}
      text={t('drift.classesText', {
        distance: formatPercent(shift.distance),
        p: formatP(shift.p_value),
      })}
      right={<SideLegend />}
    >
      <table className={classes.table}>
        <caption className="dd-visually-hidden">{t('drift.classes')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('drift.class')}</th>
            <th scope="col">{t('drift.share')}</th>
            <th scope="col" className={classes.number}>
              {t('roles.base')}
            </th>
            <th scope="col" className={classes.number}>
              {t('roles.target')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              <td className={classes.shape}>
                <span className={classes.bars} aria-hidden="true">
                  <span
                    className={classes.bar}
                    style={{ inlineSize: `${(row.base_share / top) * 100}%` }}
                  />
                  <span
                    className={classes.bar}
                    data-role="target"
                    style={{ inlineSize: `${(row.target_share / top) * 100}%` }}
                  />
                </span>
              </td>
              <td className={classes.number} title={formatCount(row.base)}>
                {formatPercent(row.base_share)}
              </td>
              <td className={classes.number} title={formatCount(row.target)}>
                {formatPercent(row.target_share)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shift.only_in_target.length ? (
        <p>{t('drift.onlyTarget', { names: shift.only_in_target.join(', ') })}</p>
      ) : null}
      {shift.only_in_base.length ? (
        <p>{t('drift.onlyBase', { names: shift.only_in_base.join(', ') })}</p>
      ) : null}
    </Section>
  );
}
