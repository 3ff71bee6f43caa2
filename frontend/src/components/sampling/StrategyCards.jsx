// @ts-check
import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { CARDS, missingNeeds } from '../../lib/strategies.js';
import classes from './StrategyCards.module.css';

/**
 * Every strategy, in words; one that lacks something says what and cannot be picked.
 * @param {{
 *   selected: string, means: import('../../lib/strategies.js').Means, onSelect: (kind: string) => void,
 *   children: import('react').ReactNode,
 * }} props `children` is the form of the picked one, shown inside its card
 */
export function StrategyCards({ selected, means, onSelect, children }) {
  const { t } = useTranslation();
  return (
    <fieldset className={classes.cards}>
      <legend className={classes.legend}>{t('sampling.strategy')}</legend>
      {CARDS.map((card) => {
        const missing = missingNeeds(card, means);
        const picked = card.kind === selected;
        return (
          <div
            key={card.kind}
            className={classes.card}
            data-picked={picked || undefined}
            data-disabled={missing.length > 0 || undefined}
          >
            <label className={classes.head}>
              <input
                type="radio"
                name="strategy"
                value={card.kind}
                checked={picked}
                disabled={missing.length > 0}
                onChange={() => onSelect(card.kind)}
              />
              <span>
                <Text size="sm" fw={650} span display="block">
                  {t(`sampling.kinds.${card.kind}.title`)}
                </Text>
                <Text size="xs" c="dimmed" span>
                  {missing.length > 0
                    ? missing.map((need) => t(`sampling.needs.${need}`)).join(' ')
                    : t(`sampling.kinds.${card.kind}.text`)}
                </Text>
              </span>
            </label>
            {picked ? <div className={classes.form}>{children}</div> : null}
          </div>
        );
      })}
    </fieldset>
  );
}
