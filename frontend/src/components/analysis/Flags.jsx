// @ts-check
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { paramsWithFilter, withAttribute } from '../../lib/filterParams.js';
import { formatCount } from '../../lib/format.js';
import classes from './Analysis.module.css';

/**
 * Images that stand out; each flag opens the grid with the range that gave it.
 * @param {{ result: import('../../api/model.d.ts').AttributesResult }} props
 */
export function Flags({ result }) {
  const { t } = useTranslation();
  const { workspaceId } = useWorkspace();
  const flags = Object.entries(result.flags);
  if (flags.length === 0) return null;
  return (
    <ul className={classes.flags} aria-label={t('analysis.flagged')}>
      {flags.map(([flag, count]) => {
        const label = `${t(`analysis.flags.${flag}`, { defaultValue: flag })} ${formatCount(count)}`;
        const search = count > 0 ? searchOfFlag(result, flag) : null;
        return (
          <li key={flag}>
            {search ? (
              <Link
                className={classes.flag}
                to={{ pathname: `/w/${workspaceId}/data`, search }}
                title={t('analysis.flagOpen')}
              >
                {label}
              </Link>
            ) : (
              <span className={classes.flag} data-none={count === 0 || undefined}>
                {label}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/**
 * A rule with two bounds flags both ends, which one range cannot say; the upper end is shown.
 * @param {import('../../api/model.d.ts').AttributesResult} result
 * @param {string} flag
 */
function searchOfFlag(result, flag) {
  const rule = result.flag_rules?.find((r) => r.flag === flag);
  if (!rule) return null;
  const range = rule.above === null ? { max: rule.below ?? undefined } : { min: rule.above };
  return paramsWithFilter(
    new URLSearchParams(),
    withAttribute({}, rule.attribute, range),
  ).toString();
}
