// @ts-check
import { IconArrowDown, IconArrowsHorizontal, IconArrowUp, IconMinus } from '@tabler/icons-react';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatNumber, formatP } from '../../lib/format.js';
import { directionOf, shiftSentence, sizeOf } from '../../lib/why.js';
import { OverlaidHistogram } from '../common/OverlaidHistogram.jsx';
import { ShiftRange } from './ShiftRange.jsx';
import classes from './Shifts.module.css';

const ICONS = {
  up: IconArrowUp,
  down: IconArrowDown,
  shape: IconArrowsHorizontal,
  none: IconMinus,
};

/**
 * Changes of numbers, strongest first; one at a time opens into its histogram.
 * @param {object} props
 * @param {import('../../api/model.d.ts').Shift[]} props.shifts
 * @param {(name: string) => string} props.nameOf
 * @param {string} props.caption
 * @param {string} [props.first] the one to open at first; default: the strongest that is real
 * @param {import('../../api/model.d.ts').DriftReport} [props.report] given where the numbers are attributes of images:
 *   a range of one is then a selection
 */
export function ShiftTable({ shifts, nameOf, caption, first, report }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(first ?? shifts.find((s) => s.drifted)?.name ?? '');
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <caption className="dd-visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t('drift.attribute')}</th>
            <th scope="col">{t('drift.distribution')}</th>
            <th scope="col" className={classes.number}>
              {t('drift.size')}
            </th>
            <th scope="col" className={classes.number}>
              {t('drift.pValue')}
            </th>
          </tr>
        </thead>
        <tbody>
          {shifts.map((shift) => {
            const name = nameOf(shift.name);
            const sentence = shiftSentence(shift, name, t);
            const isOpen = shift.name === opened;
            const Icon = ICONS[directionOf(shift)];
            return (
              <Fragment key={shift.name}>
                <tr data-quiet={!shift.drifted || undefined}>
                  <th scope="row">
                    <button
                      type="button"
                      className={classes.name}
                      aria-expanded={isOpen}
                      onClick={() => setOpened(isOpen ? '' : shift.name)}
                    >
                      <Icon size={15} stroke={2} aria-hidden />
                      {name}
                    </button>
                  </th>
                  <td className={classes.shape}>
                    <OverlaidHistogram
                      small
                      base={shift.base_histogram}
                      target={shift.target_histogram}
                      label={sentence}
                    />
                  </td>
                  <td className={classes.number}>{formatNumber(sizeOf(shift))}</td>
                  <td className={classes.number}>{formatP(shift.p_adjusted ?? shift.p_value)}</td>
                </tr>
                {isOpen ? (
                  <tr className={classes.detail}>
                    <td colSpan={4}>
                      <p>{sentence}</p>
                      {report ? (
                        <ShiftRange report={report} shift={shift} name={name} label={sentence} />
                      ) : (
                        <OverlaidHistogram
                          base={shift.base_histogram}
                          target={shift.target_histogram}
                          label={sentence}
                        />
                      )}
                    </td>
                  </tr>
                ) : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
