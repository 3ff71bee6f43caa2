// Runs before the first paint, as a file of its own because the content policy forbids inline
// scripts: without it a dark-theme user sees one white frame.
(() => {
  const root = document.documentElement;
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is blocked: the system's preference decides
    }
  };
  const saved = read('ddoc.theme');
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const scheme = saved === 'light' || saved === 'dark' ? saved : dark ? 'dark' : 'light';
  root.dataset.mantineColorScheme = scheme;
  const language = read('ddoc.language') ?? navigator.language.slice(0, 2);
  root.lang = language === 'ko' ? 'ko' : 'en';
})();
