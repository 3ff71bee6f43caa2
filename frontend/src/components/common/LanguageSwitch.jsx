// @ts-check
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { changeLanguage } from '../../lib/i18n.js';

/** Shows the language that it switches to, in that language. */
export function LanguageSwitch() {
  const { i18n } = useTranslation();
  const other = i18n.language === 'ko' ? 'en' : 'ko';
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="gray"
      c="var(--dd-text)"
      lang={other}
      onClick={() => changeLanguage(other)}
    >
      {other === 'ko' ? '한국어' : 'English'}
    </Button>
  );
}
