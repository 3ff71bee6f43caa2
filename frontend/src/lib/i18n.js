// @ts-check
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { readSetting, writeSetting } from './storage.js';

/** @typedef {'ko' | 'en'} Language */

/** @type {Record<Language, () => Promise<{ default: object }>>} */
const loaders = {
  ko: () => import('../locales/ko.json'),
  en: () => import('../locales/en.json'),
};

/** @returns {Language} */
export function preferredLanguage() {
  const wanted = readSetting('language') ?? navigator.language.slice(0, 2);
  return wanted === 'ko' ? 'ko' : 'en';
}

/** @param {Language} language */
async function load(language) {
  if (i18next.hasResourceBundle(language, 'translation')) return;
  const texts = await loaders[language]();
  i18next.addResourceBundle(language, 'translation', texts.default);
}

/** Only the language in use is fetched. */
export async function startI18n(language = preferredLanguage()) {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
    react: { useSuspense: false },
  });
  await changeLanguage(language);
}

/** @param {Language} language */
export async function changeLanguage(language) {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  writeSetting('language', language);
}
